"""What runs inside a judged process: limits, the channel's plain values, and the loop of calls.

The folder stands alone (standard library, nothing of ours) and is started by `running.forking`;
of it, the process that judges imports `plain` only. For a notebook cell, `running.cells` comes in.
"""
