"""A model of launchd for tests on Linux: modelled, not macOS.

`client` implements the executables, `supervisor` the process that they call, one per
state directory. `verbs` and `controls` handle requests that change `launchd`, whose
jobs (`job`) are described by property lists (`definition`) and run as real processes
(`spawn`). `responses`, `printing` and `values` contain the texts, whose formats are in
`../transcripts`.
"""
