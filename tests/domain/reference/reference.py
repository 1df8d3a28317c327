"""Independent values for the metrics and the extraction of answers.

Reads {kind: [case, ...]} as JSON from standard input, writes {kind: [value, ...]}. F1 comes from scikit-learn, word F1
from the SQuAD 2.0 evaluation script, ROUGE-L from rouge-score; the two extractions follow docs/method.md, written down a
second time. `node tests/domain/reference/store.ts` keeps the values in values.json for machines without Python.
"""
import ast
import collections
import json
import operator
import re
import string
import sys
from fractions import Fraction

from rouge_score import rouge_scorer
from sklearn.metrics import accuracy_score, f1_score
from sklearn.preprocessing import MultiLabelBinarizer

ROUGE = rouge_scorer.RougeScorer(["rougeL"], use_stemmer=False)


def classification(case):
    gold, predicted = case["gold"], ["(invalid)" if p is None else p for p in case["predicted"]]
    scored = sorted(set(gold))
    macro = f1_score(gold, predicted, labels=scored, average="macro", zero_division=0)
    return [macro, accuracy_score(gold, predicted)]


def multi_label(case):
    binarizer = MultiLabelBinarizer(classes=case["labels"])
    gold, predicted = binarizer.fit_transform(case["gold"]), binarizer.transform(case["predicted"])
    supported = [i for i in range(len(case["labels"])) if gold[:, i].sum() > 0]
    macro = f1_score(gold, predicted, labels=supported, average="macro", zero_division=0)
    micro = f1_score(gold, predicted, average="micro", zero_division=0)
    samples = f1_score(gold, predicted, average="samples", zero_division=0)
    return [macro, micro, samples]


# From the evaluation script of SQuAD 2.0.
def normalize_answer(s):
    def remove_articles(text):
        return re.sub(re.compile(r"\b(a|an|the)\b", re.UNICODE), " ", text)

    def remove_punc(text):
        return "".join(ch for ch in text if ch not in set(string.punctuation))

    return " ".join(remove_articles(remove_punc(s.lower())).split())


def word_f1(case):
    gold, predicted = normalize_answer(case[1]).split(), normalize_answer(case[0]).split()
    common = collections.Counter(gold) & collections.Counter(predicted)
    same = sum(common.values())
    if len(gold) == 0 or len(predicted) == 0:
        return int(gold == predicted)
    if same == 0:
        return 0
    precision, recall = same / len(predicted), same / len(gold)
    return 2 * precision * recall / (precision + recall)


def rouge_l(case):
    return ROUGE.score(case[1], case[0])["rougeL"].fmeasure


OPERATORS = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv, ast.Pow: operator.pow,
}


def value_of(text):
    """The exact value of an answer as it was written, by Python's own parser."""
    text = re.sub(r"\\boxed\{(.*)\}", r"\1", text)
    text = re.sub(r"\\text\{[^}]*\}", "", text)
    text = re.sub(r"\\[dt]?frac\{([^{}]*)\}\{([^{}]*)\}", r"((\1)/(\2))", text)
    text = text.replace("\\left", "").replace("\\right", "").replace("$", "").replace(",", "").replace("%", "")
    text = re.sub(r"^\s*[a-z]\s*=", "", text).replace("\\cdot", "*").replace("^", "**").strip()
    text = re.sub(r"\s*\b(apples|dollars|km/h|cm|m)$", "", text)

    def evaluate(node):
        if isinstance(node, ast.Constant):
            return Fraction(ast.get_source_segment(text, node))
        if isinstance(node, ast.UnaryOp):
            value = evaluate(node.operand)
            return -value if isinstance(node.op, ast.USub) else value
        left, right = evaluate(node.left), evaluate(node.right)
        result = OPERATORS[type(node.op)](left, right)
        assert isinstance(result, Fraction)
        return result

    return evaluate(ast.parse(text, mode="eval").body)


def maths(case):
    return value_of(case[0]) == value_of(case[1])


def choice(case):
    output, count = case
    marker = output.lower().rfind("answer is")
    line = output[marker + len("answer is"):].split("\n")[0] if marker >= 0 else ""
    words = [w for w in re.split(r"[^A-Za-z0-9()]+", line) if w]
    in_range = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[:count]
    for word in words:
        bare = word.strip("()")
        if len(bare) != 1 or not bare.isalpha():
            continue
        if len(words) == 1:
            return bare.upper() if bare.upper() in in_range else None
        if bare.upper() in in_range and (bare.isupper() or re.fullmatch(r"\(+.\)+", word)):
            return bare.upper()
    found = ["".join(pair).upper() for pair in re.findall(r"\(([A-Za-z])\)|\b([A-Z])[).:]", output)]
    found = [letter for letter in found if letter in in_range]
    return found[-1] if found else None


KINDS = {
    "classification": classification, "multi-label": multi_label, "word-f1": word_f1, "rouge-l": rouge_l,
    "maths": maths, "choice": choice,
}
cases = json.load(sys.stdin)
json.dump({kind: [KINDS[kind](case) for case in of] for kind, of in cases.items()}, sys.stdout)
