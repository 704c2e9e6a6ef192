#!/usr/bin/env python3
"""The original entry point: python3 src/script.py PM_FILE IMAGE_FILE FLAVOR_FILE starts everything, through bin/up.sh."""
import os
import sys
from pathlib import Path

if len(sys.argv) != 4:
    sys.exit(__doc__)
for name, path in zip(("HVC_PM_FILE", "HVC_IMAGE_FILE", "HVC_FLAVOR_FILE"), sys.argv[1:]):
    if not Path(path).is_file():
        sys.exit(f"{path}: there is no such file")
    os.environ[name] = str(Path(path).resolve())
os.execvp("bash", ["bash", str(Path(__file__).resolve().parent.parent / "bin" / "up.sh")])
