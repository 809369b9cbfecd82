"""A notebook behind a server of its own, for what is measured in a browser."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]


@contextmanager
def served(cells: list[str], *command: str):
    """Writes cells into ``notebook.ipynb``, and starts a server in its folder: ``python -m`` and the command's words.

    Yields the server's address, once it listens.
    """
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in cells])
        notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(notebook, Path(folder) / "notebook.ipynb")
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        env = os.environ | {"PYTHONPATH": str(ROOT), "JUPYTER_CONFIG_DIR": folder}
        with open(Path(folder) / "log", "w") as log:
            words = [sys.executable, "-m", *command, "--no-browser", f"--port={port}"]
            server = subprocess.Popen(words, cwd=folder, env=env, stdout=log, stderr=log)
            try:
                for _ in range(240):
                    time.sleep(0.5)
                    with socket.socket() as knock:
                        if knock.connect_ex(("127.0.0.1", port)) == 0:
                            break
                yield f"http://127.0.0.1:{port}/"
            finally:
                server.terminate()
                server.wait()
