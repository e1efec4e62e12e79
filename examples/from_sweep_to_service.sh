#!/usr/bin/env bash
# From a sweep to a service and back: search, confirm, promote, fine-tune, promote the child, export, serve, predict,
# reproduce, roll back. Minutes on a laptop; everything is in the home (TUNER_HOME, or ./runs): `tuner ui` shows it.
#
#   bash examples/from_sweep_to_service.sh
#
# HOW=--inline runs trial after trial in one process, EPOCHS, TRIALS and SEEDS say how much.
set -euo pipefail

HOW=${HOW:-}
EPOCHS=${EPOCHS:-10}
TRIALS=${TRIALS:-8}
SEEDS=${SEEDS:-5}
PORT=${PORT:-5150}
export TUNER_HOME=${TUNER_HOME:-$PWD/runs}
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
step() { printf '\n== %s\n' "$*"; }

step "a sweep: which small network tells the digits 0 to 4 apart?"
cat > "$work/digits.yaml" <<YAML
name: early-digits
dataset: {digits: {classes: "0, 1, 2, 3, 4"}}
architecture: {mlp: {width: [16, 32], depth: 1}}
optimizer: {adamw: {lr: {low: 0.001, high: 0.03, log: true}}}
training: {batch_size: 32}
searcher: random
budget: {trials: $TRIALS, epochs: $EPOCHS}
YAML
tuner sweep "$work/digits.yaml" $HOW

step "confirmed: the two best once more with fresh seeds; was the winner lucky?"
tuner confirm early-digits --top 2 --seeds "$SEEDS" $HOW

step "promoted: the confirmed winner becomes the champion"
tuner promote early-digits --to digit-classifier@champion

step "fine-tuned: the champion learns the digits 5 to 9 from a few samples of each"
cat > "$work/late.yaml" <<YAML
name: late-digits
dataset: {digits: {classes: "5, 6, 7, 8, 9", per_class: 20}}
optimizer: {adamw: {lr: {low: 0.001, high: 0.03, log: true}}}
training: {batch_size: 32}
searcher: random
transfer: full
budget: {trials: 2, epochs: $EPOCHS}
YAML
tuner finetune digit-classifier@champion "$work/late.yaml" $HOW

step "the child promoted: not confirmed, and on other data than the champion: the gate refuses, so a person says why"
tuner promote late-digits --to digit-classifier@champion --force "the digits 5 to 9 are what comes now"

step "exported: ONNX and pt2, compared with the network; ONNX with 8 bits, and what that costs"
tuner export digit-classifier@champion --onnx "$work/m.onnx" --pt2 "$work/m.pt2" --int8 "$work/m.int8.onnx"

step "predicted: raw pixels in, names and probabilities out"
python - "$work/digits.npy" <<'PY'
import sys
import numpy as np
from sklearn.datasets import load_digits
digits = load_digits()
np.save(sys.argv[1], digits.images[digits.target >= 5][:200])
PY
tuner predict digit-classifier@champion "$work/digits.npy" --out "$work/predicted.csv"
head -4 "$work/predicted.csv"

step "served: MLflow answers over HTTP"
export MLFLOW_TRACKING_URI=${MLFLOW_TRACKING_URI:-sqlite:///$TUNER_HOME/mlflow.db}
mlflow models serve -m models:/digit-classifier@champion --env-manager local -h 127.0.0.1 -p "$PORT" \
  > "$work/server.log" 2>&1 &
server=$!
python - "$PORT" "$server" "$work/server.log" <<'PY'
import json, os, sys, time, urllib.request
port, server, log = sys.argv[1:]
address = f"http://127.0.0.1:{port}"
for _ in range(300):
    try:
        urllib.request.urlopen(f"{address}/ping", timeout=5).close()
        break
    except OSError:
        if not os.path.exists(f"/proc/{server}") and sys.platform == "linux":
            sys.exit(open(log).read())
        time.sleep(0.3)
body = json.dumps({"inputs": [[[[0.0] * 8] * 8]] * 3}).encode()
request = urllib.request.Request(f"{address}/invocations", body, {"Content-Type": "application/json"})
answer = json.load(urllib.request.urlopen(request, timeout=60))["predictions"]
print(f"{len(answer)} samples, {len(answer[0])} scores each")
PY
kill "$server"
wait "$server" || true
server=

step "made again: the sweep's first trial from its seed, number by number"
tuner reproduce early-digits/0

step "rolled back: the champion is the one that it was"
tuner rollback digit-classifier@champion
tuner lineage digit-classifier
