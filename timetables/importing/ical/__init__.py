"""Calendar files (iCalendar, RFC 5545): their event series, and when these take place. Knows nothing of lectures."""
