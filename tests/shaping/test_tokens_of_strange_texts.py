"""Texts unlike any of ours are not taken for cheaper than they are: budgets hold with them too."""

import random
import string

import pytest
from rs_bpe.bpe import openai

from fullstory_mcp.shaping.tokens import estimate

ENCODER = openai.o200k_base()
RNG = random.Random(1)  # noqa: S311 - repeatable, no secret
LEAST = 0.82
TEXTS = {
    "emoji": "😀🎉🔥👍🏽🧵🫠🛒💳🚀" * 20,
    "flags": "🇩🇪🇫🇷🇯🇵" * 20,
    "one letter": "a" * 1_000,
    "letters without a word": "".join(RNG.choices(string.ascii_lowercase, k=1_000)),
    "accents": "ÄÖÜßéèñ" * 30,
    "Hebrew": "שלום עולם לחץ כאן " * 20,
    "Arabic": "اضغط هنا للدفع الآن " * 20,
    "Hindi": "हिन्दी में यहाँ क्लिक करें " * 20,
    "Thai": "คลิกที่นี่เพื่อชำระเงิน " * 20,
    "Russian": "Нажмите здесь, чтобы оплатить " * 20,
    "Greek": "Πατήστε εδώ για πληρωμή " * 20,
    "Georgian": "დააჭირეთ აქ " * 20,
    "Japanese": "東京都渋谷区神宮前カートに入れる" * 10,
    "Korean": "무료배송장바구니에담기" * 10,
    "Chinese": "繁體中文網站結帳頁面請點擊這裡付款" * 10,
    "mathematics": "Ω≈ç√∫˜µ≤≥÷" * 10,
    "boxes": "┌─┬┐│├" * 20,
    "punctuation": "".join(RNG.choices("!@#$%^&*()[]{};:,.<>/?|", k=500)),
    "styled letters": "𝗣𝗮𝘆 𝗻𝗼𝘄 " * 30,
    "wide letters": "Ｐａｙ　ｎｏｗ" * 20,
}


@pytest.mark.parametrize("kind", TEXTS)
def test_strange_text_is_not_taken_for_cheap(kind: str) -> None:
    """What is estimated is mostly more, and never much less, than what a tokenizer counts."""
    counted = len(ENCODER.encode(TEXTS[kind]))

    assert estimate(TEXTS[kind]) >= LEAST * counted
