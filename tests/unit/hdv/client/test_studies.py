"""`hdv studies delete`: what it asks and sends; what the gateway does is tested there."""

import httpx2
import pytest

from kit.terminal import Terminal
from unit.gateway.studies_on_disk import OTHER, STUDY


class StudiesTerminal(Terminal):
    """A terminal with a gateway that deletes the studies it knows."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(self._serve, monkeypatch)
        self.known = {str(STUDY), str(OTHER)}

    def _serve(self, request: httpx2.Request) -> httpx2.Response:
        assert request.method == "DELETE"
        study_id = request.url.path.removeprefix("/studies/")
        if study_id not in self.known:
            return httpx2.Response(404, json={"title": "Unknown study"})
        self.known.remove(study_id)
        return httpx2.Response(204)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> StudiesTerminal:
    return StudiesTerminal(monkeypatch)


def test_studies_are_deleted(terminal: StudiesTerminal) -> None:
    result = terminal("studies", "delete", STUDY, OTHER, "--yes")
    lines = f"deleted study {STUDY}\ndeleted study {OTHER}\n"
    assert (result.exit_code, result.output) == (0, lines)
    assert not terminal.known


def test_the_result_is_written_for_programs(terminal: StudiesTerminal) -> None:
    assert terminal.json("studies", "delete", STUDY, "--yes") == {"deleted": [str(STUDY)]}


def test_an_unknown_study_is_an_error(terminal: StudiesTerminal) -> None:
    terminal.known.clear()
    result = terminal("studies", "delete", STUDY, "--yes")
    assert result.exit_code == 2
    assert "Unknown study" in result.stderr


@pytest.mark.parametrize(("keys", "code"), [("y\n", 0), ("n\n", 2)])
def test_at_a_terminal_the_command_asks_for_confirmation(
    terminal: StudiesTerminal, monkeypatch: pytest.MonkeyPatch, keys: str, code: int
) -> None:
    monkeypatch.setattr("hdv.terminal.prompt.has_terminal", lambda: True)
    result = terminal("studies", "delete", STUDY, OTHER, keys=keys)
    assert result.exit_code == code
    assert "Delete 2 studies permanently? [y/N]:" in result.stderr
    assert bool(terminal.known) is (code != 0)
