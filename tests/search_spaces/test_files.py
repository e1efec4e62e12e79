"""Files: where they are, and downloads from a server on this machine that may break off or give something else."""

import hashlib
import http.server
import threading

import pytest

from search_spaces.files import cache, download, existing

CONTENT = bytes(range(256)) * 4096
DIGEST = f"md5:{hashlib.md5(CONTENT).hexdigest()}"


class Handler(http.server.BaseHTTPRequestHandler):
    """Gives the file whole, spoilt or broken off, by its folder, and counts the requests."""

    def do_GET(self):
        self.server.asked.append(self.path)
        if self.path.startswith("/missing/"):
            self.send_error(404)
            return
        content = b"spoilt" + CONTENT[6:] if self.path.startswith("/corrupt/") else CONTENT
        self.send_response(200)
        if not self.path.startswith("/unsized/"):
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[:1000] if "/broken/" in self.path or "/unsized/" in self.path else content)

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as made:
        made.asked = []
        made.url = f"http://127.0.0.1:{made.server_port}"
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def files(folder):
    return sorted(it.name for it in folder.rglob("*"))


def test_a_download_is_kept_and_not_asked_for_again(server, tmp_path):
    for _ in range(2):
        found = download(f"{server.url}/good/data.gz", DIGEST, tmp_path / "cache")

    assert found == tmp_path / "cache" / "data.gz"
    assert found.read_bytes() == CONTENT
    assert server.asked == ["/good/data.gz"]
    assert files(tmp_path / "cache") == ["data.gz"]


def test_a_digest_may_be_sha256(server, tmp_path):
    digest = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"

    assert download(f"{server.url}/good/data.gz", digest, tmp_path).read_bytes() == CONTENT


def test_a_spoilt_copy_is_fetched_again(server, tmp_path):
    (tmp_path / "data.gz").write_bytes(CONTENT[:-1])

    assert download(f"{server.url}/good/data.gz", DIGEST, tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("folder", "reason"),
    [
        ("missing", r"cannot download \S+ \(the server answers 404 Not Found\)"),
        ("broken", r"cannot download \S+ \(it broke off after 1000 of 1048576 bytes\)"),
        ("corrupt", r"gave 1048576 bytes with digest md5:\w+, it must be md5:\w+; the download is broken"),
        ("unsized", r"gave 1000 bytes with digest md5:\w+, it must be md5:\w+; the download is broken"),
    ],
)
def test_a_download_that_fails_says_why_and_leaves_nothing_behind(server, tmp_path, folder, reason):
    with pytest.raises(ValueError, match=reason) as caught:
        download(f"{server.url}/{folder}/data.gz", DIGEST, tmp_path)

    assert f"put it at {tmp_path / 'data.gz'}, or give your own as file" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert files(tmp_path) == []


def test_a_failed_download_leaves_what_was_there(server, tmp_path):
    (tmp_path / "data.gz").write_bytes(b"older")

    with pytest.raises(ValueError, match="404"):
        download(f"{server.url}/missing/data.gz", DIGEST, tmp_path)

    assert (tmp_path / "data.gz").read_bytes() == b"older"


def test_no_server_at_all_is_one_line(server, tmp_path):
    server.server_close()
    server.shutdown()

    with pytest.raises(ValueError, match=r"cannot download http\S+ \(.*refused\); try again") as caught:
        download(f"{server.url}/good/data.gz", DIGEST, tmp_path)
    assert "\n" not in str(caught.value)


def test_two_at_once_both_get_the_whole_file(server, tmp_path):
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(download(f"{server.url}/good/data.gz", DIGEST, tmp_path)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [it.read_bytes() == CONTENT for it in found] == [True] * 4
    assert files(tmp_path) == ["data.gz"]


def test_the_cache_is_where_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.setenv("TUNER_CACHE", str(tmp_path))
    assert cache() == tmp_path
    monkeypatch.delenv("TUNER_CACHE")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache() == tmp_path / ".cache" / "sweepforge"


def test_what_is_not_there_is_named(tmp_path):
    assert existing(tmp_path, "the table") == tmp_path
    with pytest.raises(ValueError, match=r"the table is not there: .*table.csv; check the path"):
        existing(tmp_path / "table.csv", "the table")
