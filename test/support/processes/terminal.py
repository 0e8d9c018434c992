"""Runs a command at a terminal of its own, and types an answer once a text appears.

usage: terminal.py <text> <answer> <command> [<argument>...]
Prints what the terminal showed; ends as the command did (128 and the number of the signal that ended it).
"""
import os
import pty
import sys

text, answer, *command = sys.argv[1:]
child, terminal = pty.fork()
if child == 0:
    os.execvp(command[0], command)
shown = b''
answered = False
while True:
    try:
        part = os.read(terminal, 65536)
    except OSError:  # The other side is closed.
        break
    if part == b'':
        break
    shown += part
    if not answered and text.encode() in shown:
        answered = True
        os.write(terminal, answer.encode())
_, status = os.waitpid(child, 0)
sys.stdout.buffer.write(shown)
sys.exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))
