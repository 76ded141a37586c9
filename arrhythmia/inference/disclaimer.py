"""What stands on everything that a person may take for a finding."""

DISCLAIMER = "Research software, not a medical device."
