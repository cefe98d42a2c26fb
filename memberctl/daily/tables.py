"""The lease that keeps a job from running twice at once."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from memberctl.store.columns import table_args, text, text_key, utc


class JobLease(SQLModel, table=True):
    """Who runs a job, and until when that is believed (rules N6)."""

    __tablename__ = "job_lease"
    __table_args__ = table_args()

    job: str = Field(sa_column=text_key())
    holder: str = Field(sa_column=text())
    until: datetime = Field(sa_column=utc())
