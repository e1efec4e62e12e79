"""The command line from outside: what it prints, where, and its exit codes."""

import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest

from search_spaces import plugins
from tuner import commands
from tuner.catalogue import FOLDERS
from tuner.spec import recipes

COMMANDS = sorted(path.stem for path in Path(commands.__file__).parent.glob("*.py") if path.stem != "__init__")
HEAVY = ("torch", "ray", "mlflow", "optuna", "lightning", "pandas", "sklearn", "numpy")

GOOD = "dataset: digits\narchitecture: linear\noptimizer: sgd\nsearcher: random\nscheduler: none\n"
OWN = GOOD.replace("optimizer: sgd\n", "")
"""For a module of a user's own, which brings its optimizer."""
TINY = GOOD + "training: {batch_size: 512}\nbudget: {trials: 2, epochs: 1}\n"


class Said(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def errors(self) -> list[str]:
        return self.err.splitlines()


Tuner = Callable[..., Said]


def call(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Said:
    """`tuner ARGUMENTS` as its script calls it, in this process."""
    with monkeypatch.context() as patch:
        patch.setattr(sys, "argv", ["tuner", *arguments])
        patch.setattr(sys, "path", list(sys.path))
        capsys.readouterr()
        try:
            commands.main()
        except SystemExit as ended:
            code = ended.code
        else:
            code = 0
        said = capsys.readouterr()
    assert isinstance(code, int)
    assert "Traceback" not in said.err + said.out
    return Said(code, said.out, said.err)


@pytest.fixture
def tuner(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Tuner:
    """`tuner` with a home of its own, in an empty folder."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return lambda *arguments: call(capsys, monkeypatch, *arguments)


@pytest.fixture(scope="module")
def finished(empty_home: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A home with the finished sweep `tiny`, and what `tuner sweep --inline` said of it."""
    folder = tmp_path_factory.mktemp("commands")
    shutil.copytree(empty_home, folder / "home")
    (folder / "tiny.yaml").write_text(TINY)
    printed = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["tuner", "sweep", str(folder / "tiny.yaml"), "--inline"])
        patch.setattr(sys, "path", list(sys.path))
        patch.setattr(sys, "stdout", printed)
        patch.setenv("TUNER_HOME", str(folder / "home"))
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        try:
            commands.main()
        except SystemExit as ended:
            assert ended.code == 0
    return folder / "home", printed.getvalue()


@pytest.fixture
def with_tiny(tuner: Tuner, home: Path, finished: tuple[Path, str]) -> Tuner:
    """`tuner` with the finished sweep in its home."""
    shutil.copytree(finished[0] / "sweeps", home / "sweeps")
    return tuner


def spec(text: str) -> str:
    Path("spec.yaml").write_text(text)
    return "spec.yaml"


# --- wrong input: one clear line a problem, exit code 2, nothing started ---

WRONG_SPECS = {
    "yaml syntax": (GOOD + "budget: {trials: 3\nseed: 1\n", "line 7, column 5: ", ""),
    "a tab": (GOOD + "\tseed: 1\n", "line 6, column 1: ", ""),
    "a repeated key": (GOOD + "dataset: digits\n", "line 6, column 1: the key 'dataset' stands twice", ""),
    "an alias": (GOOD + "x: &a 1\ny: *a\n", "line 7, column 4: aliases", ""),
    "an empty file": ("", "must hold a mapping", ""),
    "no dataset": ("architecture: mlp\nsearcher: random\n", "dataset: must be given", ""),
    "an unknown key": (GOOD + "optimiser: sgd\n", "optimiser: is not a key", "'optimizer'"),
    "an unknown key below": (GOOD + "budget: {trails: 3}\n", "budget.trails: is not a key", "'trials'"),
    "an unknown architecture": (GOOD.replace("linear", "liner"), "architecture: 'liner' is not one of", "'linear'"),
    "an unknown dataset": (GOOD.replace("digits", "digit"), "dataset: 'digit' is not one of", "'digits'"),
    "an unknown optimizer": (GOOD.replace("sgd", "sdg"), "optimizer: 'sdg' is not one of", "'sgd'"),
    "an unknown loss": (GOOD + "loss: crossentropy\n", "loss: 'crossentropy' is not one of", "'cross_entropy'"),
    "an unknown searcher": (GOOD.replace("random", "randon"), "searcher: 'randon' is not one of", "'random'"),
    "an unknown scheduler": (GOOD.replace("none", "ahsa"), "scheduler: 'ahsa' is not one of", "'asha'"),
    "an unknown setting": (
        GOOD.replace("sgd", "{sgd: {momentun: 1}}"),
        "optimizer.sgd.momentun: sgd has no setting",
        "'momentum'",
    ),
    "low above high": (
        GOOD.replace("sgd", "{sgd: {lr: {low: 1.0, high: 0.1}}}"),
        "optimizer.sgd.lr: low must be below high, got low=1.0, high=0.1",
        "",
    ),
    "low equal to high": (GOOD.replace("sgd", "{sgd: {lr: {low: 1, high: 1}}}"), "got low=1, high=1", ""),
    "a log range from zero": (
        GOOD.replace("sgd", "{sgd: {lr: {low: 0, high: 1, log: true}}}"),
        "optimizer.sgd.lr: a log range must start above zero, got low=0",
        "",
    ),
    "an empty list": (GOOD.replace("sgd", "{sgd: {lr: []}}"), "optimizer.sgd.lr: a list of options must hold", "[]"),
    "an empty slot": (GOOD.replace("sgd", "[]"), "optimizer: must name at least one choice", "[]"),
    "a choice twice": (GOOD.replace("sgd", "[sgd, sgd]"), "optimizer: names 'sgd' 2 times", ""),
    "a metric never reported": (
        GOOD + "objective: {metric: val/acuracy}\n",
        "objective.metric: 'val/acuracy' is never reported",
        "'val/accuracy'",
    ),
    "no trials": (GOOD + "budget: {trials: 0}\n", "budget.trials: input should be greater than 0, got 0", ""),
    "negative epochs": (GOOD + "budget: {epochs: -1}\n", "budget.epochs: input should be greater than 0, got -1", ""),
    "no minutes": (GOOD + "budget: {minutes: 0}\n", "budget.minutes: input should be greater than 0, got 0", ""),
    "a broken octal": (GOOD + "seed: !!int 0o9\n", "line 6, column 7", ""),
    "a module that is not there": (
        "dataset: digits\narchitecture: {module: 'no_such_package:Net'}\nsearcher: random\n",
        "architecture.module: cannot import 'no_such_package'",
        "run from the folder",
    ),
    "too many cpus": (GOOD + "resources: {cpus: 100000}\n", "resources.cpus: a trial asks for 100000, there are", ""),
    "too many gpus": (GOOD + "resources: {gpus: 1000}\n", "resources.gpus: a trial asks for 1000, there are", ""),
    "too many workers": (GOOD + "resources: {workers: 100000}\n", "resources.workers: 100000 workers", "at most"),
}


@pytest.mark.parametrize("case", WRONG_SPECS)
def test_a_wrong_spec_is_one_line_with_the_place_the_rule_and_the_remedy(tuner: Tuner, home: Path, case: str) -> None:
    text, message, hint = WRONG_SPECS[case]
    said = tuner("sweep", spec(text))
    assert said.code == 2
    assert len(said.errors) == 1, said.err
    assert said.errors[0].startswith("error: ")
    assert message in said.errors[0]
    assert hint in said.errors[0]
    assert not (home / "sweeps").exists()
    assert "ray" not in sys.modules or not sys.modules["ray"].is_initialized()


def test_every_problem_of_a_spec_has_its_line(tuner: Tuner) -> None:
    said = tuner("sweep", spec(GOOD.replace("linear", "liner") + "seed: -1\nbudgets: {}\n"))
    assert said.code == 2
    assert [line.split(": ")[2] for line in said.errors] == ["seed", "budgets", "architecture"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sweep", "nowhere.yaml"], "nowhere.yaml: no such file"),
        (["sweep", "digit"], "did you mean 'digits'?"),
        (["sweep", "."], "no such file"),
        (["sweep", "digits", "seed"], "an override is written key=value, got 'seed'"),
        (["sweep", "digits", "seed=-1"], "seed: input should be greater than or equal to 0, got -1"),
        (["sweep", "digits", "budget.trials=[1"], "line 1, column 3"),
        (["sweep", "digits", "--name", "a/b"], "name: must be 1 to 100 letters"),
        (["check", "nowhere.yaml"], "no such file"),
        (["check", "digits", "resources.cpus=100000"], "resources.cpus: a trial asks for 100000"),
        (["status", "none"], "no sweep named 'none'"),
        (["resume", "none"], "no sweep named 'none'"),
        (["extend", "none", "--trials", "2"], "no sweep named 'none'"),
        (["leaderboard", "none"], "no sweep named 'none'"),
        (["report", "none"], "no sweep named 'none'"),
        (["list", "architecure"], "did you mean 'architecture"),
        (["describe", "architecture", "mpl"], "did you mean 'mlp'?"),
        (["describe", "nothing", "mlp"], "'nothing' is no kind of choice"),
        (["confirm", "none"], "no sweep named 'none'"),
        (["promote", "none", "--to", "m@champion"], "no sweep named 'none'"),
        (["rollback", "m@champion"], "no model named 'm'"),
        (["rollback", "m@challenger"], "only champion can be rolled back"),
        (["rollback", "m/n@champion"], "a model's name has no '/'"),
        (["lineage", "m"], "no model named 'm'"),
        (["compare", "none"], "two or more different sweeps can be compared, got none"),
        (["compare", "a", "b"], "no sweep named 'a'"),
    ],
)
def test_a_wrong_argument_is_one_line(tuner: Tuner, home: Path, arguments: list[str], message: str) -> None:
    said = tuner(*arguments)
    assert said.code == 2
    assert len(said.errors) == 1, said.err
    assert message in said.errors[0]
    assert not (home / "sweeps").exists()


@pytest.mark.parametrize("arguments", [["swep"], ["sweep"], ["sweep", "digits", "--nmae", "x"], ["extend"]])
def test_a_wrong_command_line_says_so_and_exits_with_2(tuner: Tuner, arguments: list[str]) -> None:
    said = tuner(*arguments)
    assert said.code == 2
    assert "Error" in said.err
    assert len(said.errors) <= 4


def test_a_home_that_cannot_be_written_to_is_one_line(tuner: Tuner) -> None:
    Path("file").touch()  # below a file, because root may write everywhere else
    said = tuner("sweep", spec(TINY), "--inline", "--home", "file/home")
    assert said.code == 2
    assert len(said.errors) == 1
    assert "file/home cannot be written to" in said.err
    assert "--home or TUNER_HOME" in said.err


def test_a_name_that_is_taken_says_how_to_go_on(with_tiny: Tuner) -> None:
    said = with_tiny("sweep", spec(TINY), "--name", "tiny", "--inline")
    assert said.code == 2
    assert len(said.errors) == 1
    assert "tuner resume tiny" in said.err
    assert "tuner extend tiny --trials N" in said.err


# --- looking around ---


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_every_command_has_its_help(tuner: Tuner, command: str) -> None:
    said = tuner(*command.split(), "--help")
    assert said.code == 0
    assert "Usage: " in said.out
    if command:
        assert len(said.out.splitlines()[2].strip()) > 20  # a sentence
        assert all(len(line.split("  ")[-1].strip()) > 3 for line in re.findall(r"^  --\w.*$", said.out, re.M))
    else:
        assert all(re.search(rf"^  {name} +[A-Z].*\w", said.out, re.M) for name in COMMANDS)


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys, tuner, tuner.commands\n"
        "tuner.commands.app()\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])\n"
        "sys.argv = ['tuner', '--help']\n"
        "try: tuner.commands.main()\n"
        "except SystemExit: pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert (lines[0], lines[-1]) == ("[]", "[]")


@pytest.mark.parametrize("kind", sorted(FOLDERS))
def test_list_shows_every_choice_with_its_sentence(tuner: Tuner, kind: str) -> None:
    folder = FOLDERS[kind]
    for word in (kind, folder.rsplit(".", 1)[-1]):
        said = tuner("list", word)
        assert said.code == 0
        rows = [re.split(r"  +", line, maxsplit=1) for line in said.out.splitlines()]
        assert rows == [[name, plugins.find(folder, name).summary()] for name in plugins.names(folder)]


def test_list_shows_recipes_training_and_sweeps(with_tiny: Tuner) -> None:
    rows = [line.split("  ", 1) for line in with_tiny("list", "recipes").out.splitlines()]
    assert [name.strip() for name, _ in rows] == recipes()
    assert all(len(sentence) > 10 for _, sentence in rows)
    assert with_tiny("list", "training").out.startswith("training  ")
    assert with_tiny("list", "sweeps").out == "tiny\n"


@pytest.mark.parametrize("kind", sorted(FOLDERS))
def test_describe_shows_every_setting_of_every_choice(tuner: Tuner, kind: str) -> None:
    for name in plugins.names(FOLDERS[kind]):
        choice = plugins.find(FOLDERS[kind], name)
        said = tuner("describe", kind, name)
        assert said.code == 0
        assert said.out.startswith(f"{name}: {choice.summary()}")
        for field, info in choice.model_fields.items():
            sentence = " ".join((info.description or "").split())  # on one line, however it is wrapped in the source
            assert re.search(rf"^{field} .*{re.escape(sentence)}$", said.out, re.M), field


def test_describe_shows_ranges_and_defaults(tuner: Tuner) -> None:
    line = next(line for line in tuner("describe", "optimizer", "sgd").out.splitlines() if line.startswith("momentum"))
    assert re.split(r"  +", line) == [
        "momentum",
        "0.0 .. 0.99",
        "0.9",
        "Share of the last step that goes into the next.",
    ]
    assert tuner("describe", "training").out.startswith("training: ")


def test_a_dry_run_shows_every_default_and_starts_nothing(tuner: Tuner, home: Path) -> None:
    said = tuner("sweep", spec("dataset: digits\narchitecture: mlp\n"), "--dry-run", "budget.trials=3")
    assert said.code == 0
    for line in (
        "name: spec",
        "dataset: digits",
        "loss: cross_entropy",
        "optimizer: adamw",
        "training: {}",
        "searcher: auto",
        "scheduler: freeze_thaw",
        "  metric: val/accuracy",
        "  trials: 3",
        "  epochs: 20",
        "  cpus: 1",
        "seed: 0",
        "  optimizer.adamw.lr: 0.0001 .. 0.1 (log)",
    ):
        assert line in said.out.splitlines(), line
    assert "spec: 3 trials of at most 20 epochs, maximise val/accuracy" in said.out
    assert not (home / "sweeps").exists()


def test_the_plan_shows_the_points_that_come_first_and_where_a_small_space_ends(tuner: Tuner) -> None:
    optimizer = "optimizer: {sgd: {lr: [0.1, 1.0], momentum: 0.9, nesterov: false, weight_decay: 0.0}}\n"
    small = f"dataset: digits\narchitecture: linear\nloss: {{cross_entropy: {{label_smoothing: 0.0}}}}\n{optimizer}"
    points = "training: {batch_size: 64}\npoints: [{optimizer.sgd.lr: 1}]\n"
    said = tuner("sweep", spec(small + points), "--dry-run")
    assert "  trial 0: optimizer.sgd.lr=1.0" in said.out.splitlines()
    assert "  ends after 2 of 24 trials: every point is tried then" in said.out.splitlines()


def test_a_searcher_and_a_scheduler_on_the_command_line_take_the_place_of_the_specs(tuner: Tuner) -> None:
    said = tuner("sweep", spec(GOOD), "searcher=grid", "--searcher", "cmaes", "--scheduler", "hyperband", "--dry-run")
    assert "searcher: cmaes" in said.out.splitlines() and "scheduler: hyperband" in said.out.splitlines()


@pytest.mark.parametrize("command", ["sweep", "check"])
def test_an_unknown_searcher_or_scheduler_names_the_nearest(tuner: Tuner, command: str) -> None:
    said = tuner(command, spec(GOOD), "--searcher", "tpee", "--scheduler", "asah")
    assert said.code == 2
    assert [line.rsplit(": ", 1)[-1] for line in said.errors] == [
        "'tpee' is not one of the searchers; did you mean 'tpe'?",
        "'asah' is not one of the schedulers; did you mean 'asha'?",
    ]


# --- sweeps ---


def test_a_sweep_tells_its_plan_its_trials_and_its_best(finished: tuple[Path, str]) -> None:
    home, out = finished
    assert "tiny: 2 trials of at most 1 epoch" in out
    assert [line.split()[2] for line in out.splitlines() if line.startswith("[")] == ["0", "1"]
    found = re.search(r"best trial (\d): val/accuracy (\S+) in epoch 1", out)
    assert found is not None
    assert re.search(r"test/accuracy 0\.\d{4}", out)
    checkpoint = re.search(r"^checkpoint +(\S+)$", out, re.M)
    assert checkpoint is not None
    assert Path(checkpoint[1]).is_file()
    assert (home / "sweeps" / "tiny" / "trials" / found[1]) in Path(checkpoint[1]).parents


def test_json_is_one_object_a_line(tuner: Tuner) -> None:
    said = tuner("sweep", spec(TINY), "--inline", "--json")
    assert said.code == 0
    events = [json.loads(line) for line in said.out.splitlines()]
    assert [event["event"] for event in events] == ["started", "reported", "ended"] * 2 + ["end"]
    assert events[0]["choices"]["architecture"]["name"] == "linear"
    assert events[1]["metrics"]["val/accuracy"] > 0
    assert [event["state"] for event in events if event["event"] == "ended"] == ["COMPLETE"] * 2
    end = events[-1]
    assert (end["trials"], end["planned"], end["states"]) == (2, 2, {"COMPLETE": 2})
    assert end["best"]["value"] == max(e["metrics"]["val/accuracy"] for e in events if e["event"] == "reported")


BROKEN = """
import lightning.pytorch as L

class Broken(L.LightningModule):
    def __init__(self, width=1):
        super().__init__()
        raise RuntimeError("no luck today")
"""


@pytest.fixture
def broken_module() -> Iterator[str]:
    Path("commands_users_net.py").write_text(BROKEN)
    yield "commands_users_net:Broken"
    sys.modules.pop("commands_users_net", None)


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_sweep_whose_every_trial_fails_says_why_and_exits_with_1(
    tuner: Tuner, broken_module: str, options: list[str]
) -> None:
    module = f"{{module: '{broken_module}', width: {{low: 1, high: 99}}}}"
    text = TINY.replace("linear", module).replace("optimizer: sgd\n", "")
    said = tuner("sweep", spec(text), "--inline", "budget.trials=9", *options)
    assert said.code == 1
    assert said.errors[-1] == "error: all 5 trials of 'spec' failed; the first: RuntimeError: no luck today"
    if options:
        assert json.loads(said.out.splitlines()[-1])["states"] == {"FAIL": 5}
    else:
        assert said.out.count("fail: RuntimeError: no luck today") == 5


def test_a_value_that_is_no_number_is_null_in_json(tuner: Tuner) -> None:
    text = TINY.replace("sgd", "{sgd: {lr: 1e+38}}")
    said = tuner("sweep", spec(text), "--inline", "--json")

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    events = [json.loads(line, parse_constant=refuse) for line in said.out.splitlines()]
    assert any(event["metrics"]["train/loss"] is None for event in events if event["event"] == "reported")


def test_status_tells_where_sweeps_stand(with_tiny: Tuner) -> None:
    for arguments in (["status"], ["status", "tiny"]):
        out = with_tiny(*arguments).out
        assert out.startswith("tiny: 2 of 2 trials (2 complete); over\n  best val/accuracy 0.")
    assert json.loads(with_tiny("status", "--json").out)["sweep"] == "tiny"


def test_status_of_an_empty_home_says_how_to_begin(tuner: Tuner) -> None:
    assert "`tuner sweep digits` makes one" in tuner("status").out


def test_a_leaderboard_as_table_csv_and_json(with_tiny: Tuner) -> None:
    rows = json.loads(with_tiny("leaderboard", "tiny", "--format", "json").out)
    assert [row["rank"] for row in rows] == [1, 2]
    assert rows[0]["value"] >= rows[1]["value"]
    table = pd.read_csv(io.StringIO(with_tiny("leaderboard", "tiny", "--format", "csv").out))
    assert table["trial"].tolist() == [row["trial"] for row in rows]
    assert table["value"].tolist() == pytest.approx([row["value"] for row in rows])
    lines = with_tiny("leaderboard", "tiny", "--top", "1").out.splitlines()
    assert len(lines) == 2
    assert lines[1].split()[:3] == ["1", str(rows[0]["trial"]), f"{rows[0]['value']:.4f}"]


def test_resuming_what_is_over_and_extending_it(with_tiny: Tuner) -> None:
    assert with_tiny("resume", "tiny", "--inline").code == 0
    said = with_tiny("extend", "tiny", "--trials", "1", "--inline")
    assert said.code == 0
    assert said.out.startswith("tiny: 3 trials of at most ")
    assert [line.split()[2] for line in said.out.splitlines() if line.startswith("[")] == ["2"]
    assert "3 of 3 trials" in with_tiny("status", "tiny").out
    refused = with_tiny("extend", "tiny", "--trials", "0")
    assert (refused.code, len(refused.errors)) == (2, 1)


def test_check_tries_every_branch(tuner: Tuner) -> None:
    small = "{linear: {}, mlp: {width: 8, depth: 1}}\n"
    said = tuner("check", spec(TINY.replace("linear\n", small).replace("sgd", "[sgd, adamw]")))
    assert said.code == 0
    lines = [line for line in said.out.splitlines() if line.startswith("  ok ")]
    assert [line.split(":")[0].split()[1::2] for line in lines] == [
        ["linear", "sgd"],
        ["linear", "adamw"],
        ["mlp", "sgd"],
        ["mlp", "adamw"],
    ]


@pytest.mark.slow
def test_check_of_a_recipe_with_the_largest_values_of_its_ranges(tuner: Tuner) -> None:
    said = tuner("check", "digits")
    assert said.code == 0
    lines = [line for line in said.out.splitlines() if line.startswith("  ok ")]
    assert len(lines) == 2 * 3  # two architectures, three optimizers


def test_check_names_what_cannot_be_trained(tuner: Tuner, broken_module: str) -> None:
    said = tuner("check", spec(OWN.replace("linear", f"{{module: '{broken_module}'}}")))
    assert said.code == 1
    assert "FAIL  Broken: RuntimeError: no luck today" in said.out
    assert said.errors == ["error: 1 of the branches above cannot be trained"]


def test_it_runs_as_a_program(home: Path) -> None:
    code = "from tuner.commands import main; main()"
    environment = {**os.environ, "TUNER_HOME": str(home)}
    done = subprocess.run(
        [sys.executable, "-c", code, "status", "none"], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: no sweep named 'none'")


# --- several objectives, constraints, and why a sweep ended ---

JUDGED = TINY + "objectives: [{metric: val/accuracy}, {metric: parameters}]\nconstraints: {parameters: {max: %d}}\n"


def test_the_front_and_what_is_broken_are_shown(tuner: Tuner) -> None:
    ran = tuner("sweep", spec(JUDGED % 700), "--inline", "--name", "judged")
    assert ran.code == 0
    assert "maximise val/accuracy and minimise parameters, with parameters <= 700" in ran.out
    assert "ended       all 2 trials are done" in ran.out
    rows = json.loads(tuner("leaderboard", "judged", "--pareto", "--format", "json").out)
    assert (rows[0]["pareto"], rows[0]["parameters"]) == (1, 650)
    facts = json.loads(tuner("status", "judged", "--json").out)
    assert facts["front"] == [row["trial"] for row in rows]
    assert facts["constraints"] == ["parameters <= 700"]
    assert facts["spent"]["epochs"] == 2
    assert facts["ended"] == "all 2 trials are done"
    said = tuner("leaderboard", "judged")
    assert "650" in said.out
    assert said.err == "the sweep is over: all 2 trials are done\n"


def test_a_sweep_whose_trials_all_break_a_constraint_says_so(tuner: Tuner) -> None:
    ran = tuner("sweep", spec(JUDGED % 100), "--inline", "--name", "judged")
    assert "no trial keeps the constraints (parameters <= 100); the first has parameters 650, at most 100" in ran.out


def test_a_front_needs_several_objectives(with_tiny: Tuner) -> None:
    said = with_tiny("leaderboard", "tiny", "--pareto")
    assert (said.code, len(said.errors)) == (2, 1)
    assert "--pareto needs several objectives; tiny has one, val/accuracy" in said.err


# --- steering a sweep that nobody drives ---


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["pause", "tiny"], "nobody drives tiny"),
        (["stop", "tiny"], "tiny is over already: all 2 trials are done"),
        (["stop", "tiny", "--trial", "0"], "trial 0 is over already: complete"),
        (["stop", "tiny", "--trial", "7"], "there is no trial 7: 2 have begun, numbered from 0"),
        (["set", "tiny", "worker=2"], "'worker' cannot be set while a sweep is driven; did you mean 'workers'?"),
        (["set", "tiny", "workers=some"], "workers must be a whole number, at least 1, got 'some'"),
        (["enqueue", "tiny", "optimizer.sgd.rl=1"], "optimizer.sgd.rl: is not a parameter of this space; did you mean"),
        (["enqueue", "tiny", "optimizer.sgd.lr"], "is written key=value, got 'optimizer.sgd.lr'"),
        (["pause", "tony"], "no sweep named 'tony'"),
        (["status", "--follow"], "--follow needs the name of one sweep"),
    ],
)
def test_what_cannot_be_asked_of_a_sweep_is_one_clear_line(with_tiny: Tuner, arguments: list[str], told: str) -> None:
    said = with_tiny(*arguments)
    assert (said.code, len(said.errors)) == (2, 1)
    assert told in said.err


def test_a_point_for_a_sweep_that_is_over_is_kept_for_its_extension(with_tiny: Tuner) -> None:
    said = with_tiny("enqueue", "tiny", "optimizer.sgd.lr=0.25")
    assert said.code == 0
    assert "kept for trial 2, which `tuner extend tiny --trials 1` makes room for" in said.out
    assert with_tiny("extend", "tiny", "--trials", "1", "--inline").code == 0
    rows = json.loads(with_tiny("leaderboard", "tiny", "--format", "json").out)
    assert [row["optimizer.sgd.lr"] for row in rows if row["trial"] == 2] == [0.25]


def test_following_a_sweep_that_nobody_drives_shows_it_once(with_tiny: Tuner) -> None:
    said = with_tiny("status", "tiny", "--follow")
    assert (said.code, said.out.count("tiny: 2 of 2 trials (2 complete); over")) == (0, 1)
