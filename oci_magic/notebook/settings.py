"""What can be set for every prompt: `%config OCIMagics`, options of `%%oci` win over it."""

from __future__ import annotations

from traitlets import Bool, Enum, Float, HasTraits, Int, List, Unicode

from .arguments import EFFECTS


class Settings(HasTraits):
    """The traits of `OCIMagics`."""

    model = Unicode("micro", help="The model that answers (%oci models lists some).").tag(
        config=True
    )
    rounds = Int(3, min=0, help="Repairs at most per prompt.").tag(config=True)
    run = Bool(True, help="Run the code of an answer; False only offers it.").tag(config=True)
    comment = Bool(
        False, help="Show the model what its code has shown, for a comment below it (--observe)."
    ).tag(config=True)
    steps = Int(
        0, min=0, help="Cells by which an answer may go on from its results (--steps)."
    ).tag(config=True)
    confirm = Bool(False, help="Let the code of an answer wait until you run it.").tag(config=True)
    context = Enum(
        ("auto", "none"), "auto", help="What a prompt tells of the notebook around it."
    ).tag(config=True)
    context_tokens = Int(
        800, min=0, help="Tokens for the context, at most a quarter of the model's window."
    ).tag(config=True)
    leave_out = List(
        Unicode(), help="Variables that no prompt is told of, nor of cells that name them."
    ).tag(config=True)
    watch = Bool(False, help="Offer a Fix under every error of a cell.").tag(config=True)
    record = Bool(False, help="Write prompts and answers to a file of yours (%oci record).").tag(
        config=True
    )
    hold = List(
        Enum(EFFECTS), list(EFFECTS), help="Effects of code for which review holds it."
    ).tag(config=True)
    allow = List(
        Enum(EFFECTS), help="Effects that are let through, whatever `hold` lists (--allow)."
    ).tag(config=True)
    timeout = Float(0.0, min=0.0, help="Seconds a generated cell may run; 0: no limit.").tag(
        config=True
    )
    warnings = Bool(False, help="A warning that the code causes is a failure.").tag(config=True)
    checkpoint_mb = Float(
        500.0, min=0.0, help="MB of copies that protect your values while generated code runs."
    ).tag(config=True)
    temperature = Float(0.0, help="0 is greedy; up to about 1 for variety.").tag(config=True)
    top_p = Float(1.0, help="Sample from this share of the likeliest tokens.").tag(config=True)
    seed = Int(None, allow_none=True, help="Makes a sampled answer repeatable.").tag(config=True)
    max_new_tokens = Int(1024, min=1, help="Longest answer in tokens.").tag(config=True)
    device = Unicode("", help="cuda, mps or cpu; empty: the best there is.").tag(config=True)
    dtype = Unicode("", help="bfloat16, float16 or float32; empty: what suits.").tag(config=True)
    server_url = Unicode(
        "",
        help="Where server: models are, such as http://127.0.0.1:8000/v1; empty: on this machine.",
    ).tag(config=True)
    server_timeout = Float(
        300.0, min=0.1, help="Seconds in which a server must send something."
    ).tag(config=True)
    server_window = Int(
        0, min=0, help="Tokens that prompt and answer share on a server; 0: what it tells, or 4096."
    ).tag(config=True)
    trust_remote_code = Bool(
        False, help="Let a model's own Python files run when it is loaded."
    ).tag(config=True)
