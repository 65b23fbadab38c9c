"""Management commands of the registrations."""
