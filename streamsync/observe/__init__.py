"""What the outside sees of the process: metrics and logs. Imports only `model`, `errors` and `clock`.

Neither holds record values or secrets; labels and log keys are closed lists.
"""
