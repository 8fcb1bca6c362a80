"""When nodes return: durations, rollout, promises, quantiles. numpy in, numpy out."""
