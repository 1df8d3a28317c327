"""Models that were trained here. Their ids are names in a table, never paths."""

from dataclasses import dataclass

from ..errors import ApiError
from .database import Database


@dataclass(frozen=True)
class ModelRecord:
    id: str
    folder: str
    base: str
    job: str
    created: int
    step: int
    train_loss: float | None
    valid_loss: float | None


class Models:
    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, model: str) -> ModelRecord | None:
        row = self._database.row("select * from models where id = ?", (model,))
        return None if row is None else ModelRecord(**row)

    def oldest_first(self) -> list[ModelRecord]:
        return [ModelRecord(**row) for row in self._database.rows("select * from models order by created, id")]

    def of_job(self, job: str) -> list[ModelRecord]:
        rows = self._database.rows("select * from models where job = ? order by step desc", (job,))
        return [ModelRecord(**row) for row in rows]

    def folders(self) -> set[str]:
        return {row["folder"] for row in self._database.rows("select folder from models")}

    def forget(self, model: str) -> None:
        with self._database.write() as write:
            needed = write.execute(
                "select id from jobs where status in ('validating_files', 'queued', 'running') "
                "and json_extract(plan, '$.start') = ?",
                (model,),
            ).fetchone()
            if needed is not None:
                raise ApiError(409, f"The job {needed['id']} still trains from this model.", code="model_in_use")
            write.execute("delete from models where id = ?", (model,))
