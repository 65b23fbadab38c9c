"""What more than one call refuses: code and sentence."""

NOT_THEIRS = ("SOCIETY_ACCESS_DENIED", "This society is not yours to act for")
UNKNOWN_SID = ("UNKNOWN_SID", "There is no login with this sid, or it is too long ago: begin another")
UNKNOWN_SOCIETY = ("UNKNOWN_SOCIETY", "There is no society with this id")
