"""A model of launchd for tests on Linux: modelled, not macOS.

`client` is what the executables run, `supervisor` the process behind them, one
for each state directory. `verbs` and `controls` answer requests against
`world`, whose jobs (`job`) follow definitions (`definition`) and run as real
processes (`spawn`). `answers`, `printing` and `values` know the texts, whose
shapes are in `../transcripts`.
"""
