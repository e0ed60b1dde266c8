"""From the raw store and the registries to a publication: what composes the stages, by day and as a whole.

`steps` is the order of a run; `partition_facts` brings the flows and daily facts of each chain and day up to
date; `publication` totals them and gathers what is published; `rebuild` and `diff` look at vintages again.
"""
