"""What people do to jobs."""

from dataclasses import dataclass
from typing import Any, ClassVar

from kernel.facts import Fact


@dataclass(frozen=True, kw_only=True)
class JobTriedAgain(Fact):
    """A failed job waits again. `name`: which kind of work."""

    action: ClassVar[str] = "job.tried_again"
    job_id: int
    name: str

    @property
    def target(self) -> str:
        return f"job:{self.job_id}"

    @property
    def details(self) -> dict[str, Any]:
        return {"id": self.job_id, "name": self.name}
