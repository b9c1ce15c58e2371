"""Copy the docstrings of the public functions from pure_backend.py to the compiled functions of the same name."""

import ast
import re
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "src" / "nogil_kernels"

if __name__ == "__main__":
    source = (PACKAGE / "pure_backend.py").read_text(encoding="utf-8")
    for function in ast.parse(source).body:
        if isinstance(function, ast.FunctionDef) and not function.name.startswith("_"):
            path = PACKAGE / "compiled" / function.name / f"{function.name}.pyx"
            docstring = ast.get_source_segment(source, function.body[0])
            text = path.read_text(encoding="utf-8")
            copy = re.search(rf'^def {function.name}\(.*?\):\n    (""".*?""")', text, re.MULTILINE | re.DOTALL)
            path.write_text(text[: copy.start(1)] + docstring + text[copy.end(1) :], encoding="utf-8")
