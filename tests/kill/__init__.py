"""`make killtest`: the real daemon between both real stand-ins, killed with SIGKILL over and over under load.

    python -m tests.kill [KILLS] [SEED]

`worlds` is how the judge and the people reach the two other processes, `people` who works there meanwhile,
`weather` what the wire does, `morgue` what a killed process left behind, `campaign` the run, `verdict` the
judgement at rest. The seed fixes every choice; the moments are the machine's. Not collected by pytest.
"""
