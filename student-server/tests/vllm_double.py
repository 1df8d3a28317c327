"""A stand-in for vLLM's server: its routes and its habits, over the real small model."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

from student_server.inference.engine import GenerateRow, Sampling, ScoreRow
from student_server.inference.generate import generate
from student_server.inference.score import Scorer
from student_server.models.text import ModelText


class VllmDouble:
    """`asked` is every request in order. Ended answers hold the end token, and texts of tokens are `token_id:N`."""

    def __init__(self, base: str) -> None:
        self.asked: list[tuple[str, Any]] = []
        self.adapters: dict[str, str] = {}
        self.asleep = False
        self.refuses: tuple[str, int] | None = None
        """A path, and the status it is answered with."""
        self._base = base
        self._scorer = Scorer("cpu", 1)
        double = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(200, {"data": [{"id": "the-base", "parent": None, "max_model_len": 512}]})

            def do_POST(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                double.asked.append((self.path, body))
                self._answer(*double.answer(self.path, body))

            def _answer(self, status: int, body: Any) -> None:
                content = json.dumps(body).encode() if isinstance(body, dict) else str(body).encode()
                self.send_response(status)
                kind = "application/json" if isinstance(body, dict) else "text/plain"
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def answer(self, path: str, body: Any) -> tuple[int, Any]:
        if self.refuses is not None and path.startswith(self.refuses[0]):
            return self.refuses[1], {"message": "refused"}
        if path == "/v1/load_lora_adapter":
            if body["lora_name"] in self.adapters:
                return 400, {"message": f"The lora adapter '{body['lora_name']}' has already been loaded."}
            self.adapters[body["lora_name"]] = body["lora_path"]
            return 200, "Success: LoRA adapter added."
        if path == "/v1/unload_lora_adapter":
            if self.adapters.pop(body["lora_name"], None) is None:
                return 404, {"message": f"The lora adapter '{body['lora_name']}' cannot be found."}
            return 200, "Success"
        if path in ("/sleep?level=1", "/wake_up"):
            self.asleep = path != "/wake_up"
            return 200, ""
        if self.asleep:
            return 500, {"message": "the engine is asleep"}
        if body["model"] not in ("the-base", *self.adapters):
            return 404, {"message": "The model does not exist."}
        return 200, {"choices": self._choices(body)}

    def _choices(self, body: Any) -> list[Any]:
        model: Any = AutoModelForCausalLM.from_pretrained(self._base, dtype=torch.float32).eval()
        if body["model"] in self.adapters:
            model = PeftModel.from_pretrained(model, self.adapters[body["model"]]).eval()
        text, top = ModelText(self._base), body["logprobs"]
        if body.get("echo"):
            rows = [ScoreRow(ids, top) for ids in body["prompt"]]
            found = [
                (row.ids, scores, "", "length")
                for row, scores in zip(rows, self._scorer.score(model, rows), strict=True)
            ]
        else:
            sampling = Sampling(body["max_tokens"], top=top)
            asked = [GenerateRow(ids, sampling) for ids in body["prompt"]]
            context = model.config.max_position_embeddings
            answers = generate(model, text, frozenset([text.eos]), asked, "cpu", context)
            found = [(answer.ids, answer.scores, answer.text, answer.finish) for answer in answers]
        return [
            {
                "index": index,
                "text": written,
                "finish_reason": finish,
                "logprobs": _logprobs(ids, scores, text.eos if finish == "stop" else None),
            }
            for index, (ids, scores, written, finish) in enumerate(found)
        ]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _logprobs(ids: list[int], scores: Any, end: int | None) -> dict[str, Any]:
    top = [
        {f"token_id:{token}": value for token, value in zip(best, values, strict=True)}
        for best, values in zip(scores.top_ids, scores.top_logprobs, strict=True)
    ]
    closing = [] if end is None else [end]
    return {
        "tokens": [f"token_id:{token}" for token in [*ids, *closing]],
        "token_logprobs": [*scores.logprobs, *[-0.1 for _ in closing]],
        "top_logprobs": [*top, *[{} for _ in closing]],
    }
