"""Reading finished episodes: streams, the timeline (the one place that resamples), labels."""
