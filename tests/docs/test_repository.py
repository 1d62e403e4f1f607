"""What must not stand in any file, and what must stand beside what."""

import re
import tomllib

from tests.docs.texts import ROOT, found, own_texts

# In parts, so that this file does not name them.
HOSTS = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("registry", "npmjs", "org"),
        ("deb", "debian", "org"),
    )
]
# Folders of one machine. A program's own place, such as /usr/bin, is the same on every Debian.
MACHINE = re.compile(r"(?<![\w./:~$}\"'-])/(?:home|root|Users|work|tmp|mnt|opt)/[\w.]")
QUOTED_MACHINE = re.compile(r"[\"'](?:/home|/root|/Users|/work|/tmp|/mnt|/opt)/[\w.]")
REASONED = re.compile(r'^  "[^"]+",?\s+# .{5,}')


def test_no_file_names_the_host_of_a_registry() -> None:
    hosts = re.compile("|".join(map(re.escape, HOSTS)), re.IGNORECASE)
    assert found(hosts, own_texts()) == []


def test_the_locks_name_no_address_and_hash_every_package() -> None:
    for path in sorted((ROOT / "requirements").glob("*.[lt]*")):
        text = path.read_text()
        assert "://" not in text, path
        packages = re.split(r"^(?=[a-z])", text, flags=re.MULTILINE)[1:]
        assert packages and all("--hash=sha256:" in one for one in packages), path


def test_the_locks_agree() -> None:
    web, dev = (
        set(re.findall(r"^[a-z][^\\\n]+", (ROOT / "requirements" / name).read_text(), re.MULTILINE))
        for name in ("web.lock", "dev.lock")
    )
    assert web - dev == set()


def test_the_locks_hold_every_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    domain = project["project"]["dependencies"]
    web = project["project"]["optional-dependencies"]["web"]
    groups = project["dependency-groups"]
    wanted = {
        "web.lock": [*domain, *web, *groups["build"]],
        "dev.lock": [*domain, *web, *groups["build"], *groups["dev"]],
    }
    for lock, dependencies in wanted.items():
        text = (ROOT / "requirements" / lock).read_text()
        locked = set(re.findall(r"^([a-z0-9-]+)==", text, re.MULTILINE))
        named = {re.split(r"[\[<>=~]", one)[0].lower() for one in dependencies}
        assert named - locked == set(), f"{lock} lacks what pyproject.toml names: make lock"


def test_the_peers_have_their_reasons_and_are_locked() -> None:
    lines = (ROOT / "requirements/peers.in").read_text().splitlines()
    wanted = [line for line in lines if not line.startswith("#")]
    assert wanted and all(re.fullmatch(r"[a-z]+ +# .{5,}", line) for line in wanted)
    lock = (ROOT / "requirements/peers.lock").read_text()
    assert all(f"{line.split()[0]}==" in lock for line in wanted)


def test_no_file_names_a_folder_of_one_machine() -> None:
    texts = own_texts()
    assert found(MACHINE, texts) + found(QUOTED_MACHINE, texts) == []


def test_each_dependency_has_its_reason_beside_it() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    project = tomllib.loads(text)
    extras = project["project"]["optional-dependencies"].values()
    groups = project["dependency-groups"].values()
    wanted = {
        one for some in (project["project"]["dependencies"], *extras, *groups) for one in some
    }
    reasoned = {line.split('"')[1] for line in text.splitlines() if REASONED.match(line)}
    assert wanted - reasoned == set()


def test_the_changelog_has_a_place_for_what_comes() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert re.search(r"^## (\[Unreleased\]|Unreleased)$", changelog, re.MULTILINE)
