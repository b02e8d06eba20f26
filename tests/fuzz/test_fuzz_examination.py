"""A few seconds of fuzzing find no input that raises, hangs or grows; `make fuzz` takes longer."""

import subprocess
import sys
from pathlib import Path

import pytest

RUNS = 500


@pytest.mark.timeout(120)
def test_the_fuzzer_finds_nothing(tmp_path: Path) -> None:
    pytest.importorskip("atheris", reason="atheris has wheels for Python 3.11 to 3.13 on Linux")
    script = Path(__file__).with_name("examination.py")
    done = subprocess.run(
        [sys.executable, str(script), f"-runs={RUNS}", "-seed=4711", "-print_final_stats=1"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr.decode("latin-1")[-3000:]
    assert b"stat::number_of_executed_units" in done.stderr
    assert list(tmp_path.iterdir()) == []
