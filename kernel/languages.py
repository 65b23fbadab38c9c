"""The languages in which people are told things. What programs read (`error`, `code`, the log) is English."""

ENGLISH = "en"
TRADITIONAL_CHINESE = "zh-hant"
LANGUAGES = (ENGLISH, TRADITIONAL_CHINESE)
