"""A job from its files to its model."""

import time
from collections.abc import Callable
from pathlib import Path

import torch
from jinja2 import TemplateError

from ..durable import folder_at_once, sweep
from ..home import Home
from ..models.manifest import Manifest, write_manifest
from ..state.database import Database
from ..state.jobs import JobRecord, Jobs
from ..state.models import Models
from ..state.reports import Reports, Superseded
from .checkpoint import Checkpoints, Progress
from .encode import encode_examples
from .examples import InvalidTrainingFile, read_examples
from .loop import Loop
from .plan import TrainingPlan
from .student import CannotTrain, Student, load_student, save_student
from .task import TrainerTask

# Steps between two reported losses; each is the mean of these steps.
_TOLD_EVERY = 10


def train_job(task: TrainerTask, stop_asked: Callable[[], bool]) -> bool:
    """False where it stopped before the end: by request, or because the job is no longer this trainer's."""
    torch.set_num_threads(task.threads)
    torch.set_flush_denormal(True)
    # The same steps give the same weights; on a GPU as far as its kernels can.
    torch.use_deterministic_algorithms(True, warn_only=True)
    home = Home(task.home)
    database = Database(home.database)
    reports = Reports(database, task.job, task.attempt)
    try:
        job = Jobs(database).get(task.job)
        return _Training(task, home, database, reports, job, stop_asked).run()
    except Superseded:
        return False
    except InvalidTrainingFile as error:
        reports.fail("invalid_training_file", f"Invalid file: {error}", "training_file")
    except TemplateError as error:
        reports.fail("invalid_training_file", f"The chat template refuses an example: {error}", "training_file")
    except CannotTrain as error:
        reports.fail("unsupported", str(error), "model")
    except FloatingPointError as error:
        reports.fail("training_diverged", f"Training diverged: {error}. Try a smaller learning rate.")
    return True


class _Training:
    def __init__(
        self,
        task: TrainerTask,
        home: Home,
        database: Database,
        reports: Reports,
        job: JobRecord,
        stop_asked: Callable[[], bool],
    ) -> None:
        self._task = task
        self._home = home
        self._database = database
        self._reports = reports
        self._job = job
        self._stop_asked = stop_asked
        self._plan = TrainingPlan.model_validate(job.plan)
        self._checkpoints = Checkpoints(home.job(job.id) / "checkpoints", task.disk_budget)
        self._told_no_room: set[str] = set()

    def run(self) -> bool:
        loop, student = self._prepare()
        progress = self._checkpoints.restore(loop.model, loop.optimizer)
        if progress is not None:
            said = f"Resumed from the checkpoint at step {progress.step}"
        else:
            progress = Progress()
            said = f"Training {len(loop.examples)} examples, {self._plan.epochs} epochs, {loop.total_steps} steps"
        self._reports.begin_at(progress.step, said)
        if not self._take_steps(loop, progress):
            return False
        if self._plan.recipe.early_stop > 0:
            self._take_best(loop, progress)
        self._finish(student, progress)
        return True

    def _prepare(self) -> tuple[Loop, Student]:
        examples = read_examples(self._file("training_file"))
        texts = [message.content for example in examples for message in example.messages]
        torch.manual_seed(self._plan.seed)
        student = load_student(self._home, self._plan, self._start_folder(), texts, self._task.device)
        encoded = encode_examples(student.text, examples, self._plan.recipe)
        cut = sum(example.cut for example in encoded)
        if cut > 0 and self._job.attempts == 1:
            limit = self._plan.recipe.max_tokens
            self._reports.say(
                f"{cut} examples are longer than {limit} tokens and lose part of their prompt", level="warn"
            )
        self._validation = (
            encode_examples(student.text, read_examples(self._file("validation_file")), self._plan.recipe)
            if self._job.request.get("validation_file")
            else []
        )
        return Loop(student.model, self._plan, encoded, self._task.device), student

    def _take_steps(self, loop: Loop, progress: Progress) -> bool:
        saved = time.monotonic()
        while progress.step < loop.total_steps:
            if self._stop_asked():
                if self._reports.current():
                    self._save(loop, progress)
                return False
            progress.losses.append(loop.step(progress))
            last = progress.step == loop.total_steps
            epoch_ends = loop.epoch_ends_at(progress.step)
            if epoch_ends and self._validation:
                self._validate(loop, progress)
            if len(progress.losses) == _TOLD_EVERY or last or (epoch_ends and self._validation):
                self._tell(loop, progress)
            if progress.worse_epochs >= self._plan.recipe.early_stop > 0:
                self._reports.say(f"Stopped early at step {progress.step}: no better validation loss")
                return True
            if not last and time.monotonic() - saved >= self._task.checkpoint_seconds:
                self._save(loop, progress)
                saved = time.monotonic()
        return True

    def _validate(self, loop: Loop, progress: Progress) -> None:
        progress.valid_loss = loop.mean_loss(self._validation)
        if progress.best_valid_loss is None or progress.valid_loss < progress.best_valid_loss:
            progress.best_valid_loss = progress.valid_loss
            progress.worse_epochs = 0
            if self._plan.recipe.early_stop > 0:
                self._tell_no_room("best", self._checkpoints.save_best(loop.model, progress.valid_loss))
        else:
            progress.worse_epochs += 1

    def _take_best(self, loop: Loop, progress: Progress) -> None:
        """The best weights that are at hand: those kept, or the last ones where there was no room for better ones."""
        kept, last, best = self._checkpoints.best_valid_loss(), progress.valid_loss, progress.best_valid_loss
        if kept is not None and (last is None or kept <= last):
            self._checkpoints.load_best(loop.model)
            progress.valid_loss = kept
        if best is not None and progress.valid_loss is not None and progress.valid_loss > best:
            which = "the last ones" if progress.valid_loss == last else "those of an earlier epoch"
            self._reports.say(
                f"The weights of the best epoch (validation loss {best:.4f}) could not be kept: "
                f"the model has {which} ({progress.valid_loss:.4f})",
                level="warn",
            )

    def _tell(self, loop: Loop, progress: Progress) -> None:
        progress.train_loss = sum(progress.losses) / len(progress.losses)
        progress.losses = []
        data = {"step": progress.step, "total_steps": loop.total_steps, "train_loss": progress.train_loss}
        if progress.valid_loss is not None:
            data["valid_loss"] = progress.valid_loss
        message = f"Step {progress.step}/{loop.total_steps}: training loss={progress.train_loss:.4f}"
        self._reports.say(message, data=data)

    def _save(self, loop: Loop, progress: Progress) -> None:
        self._tell_no_room("checkpoint", self._checkpoints.save(loop.model, loop.optimizer, progress))

    def _tell_no_room(self, what: str, trouble: str | None) -> None:
        if trouble is not None and what not in self._told_no_room:
            self._told_no_room.add(what)
            self._reports.say(trouble, level="warn")

    def _finish(self, student: Student, progress: Progress) -> None:
        job, plan = self._job, self._plan
        name = f"ft:{plan.base}:local:{plan.suffix}:{job.id[-8:]}"
        # Left by an attempt that was killed here; the job's lock makes it ours.
        sweep(self._home.models, job.id)
        with folder_at_once(self._home.model(job.id)) as scratch:
            save_student(student, plan, scratch)
            manifest = Manifest(
                id=name,
                base=plan.base,
                base_folder=student.base_folder,
                kind="adapter" if plan.recipe.adapter == "lora" else "full",
                recipe=plan.recipe,
                job=job.id,
                step=progress.step,
            )
            write_manifest(scratch, manifest)
        model = {
            "id": name,
            "folder": job.id,
            "base": plan.base,
            "step": progress.step,
            "train_loss": progress.train_loss,
            "valid_loss": progress.valid_loss,
        }
        self._reports.succeed(model, progress.tokens)

    def _file(self, which: str) -> Path:
        return self._home.files / str(self._job.request[which])

    def _start_folder(self) -> str | None:
        if self._plan.start is None:
            return None
        record = Models(self._database).find(self._plan.start)
        if record is None:
            raise CannotTrain(f"The model {self._plan.start} is gone.")
        return record.folder
