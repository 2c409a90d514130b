import numpy as np
from tokenizers import Tokenizer
from wordllama.inference import WordLlamaInference

from encoders.text_wordllama import WordLlamaEncoder


def test_equals_the_package_s_own_inference(wordllama: WordLlamaEncoder) -> None:
    texts = ["a puppy plays", "young dog", "Grüße 東京"]
    ours = wordllama.encode(texts).vectors
    theirs = WordLlamaInference(wordllama.table, Tokenizer.from_str(wordllama.tokenizer.to_str()))
    np.testing.assert_allclose(ours, theirs.embed(texts, norm=True), atol=1e-5)


def test_meaning_is_near_meaning(wordllama: WordLlamaEncoder) -> None:
    puppy, dog, tax = wordllama.encode(["a puppy plays", "young dog", "tax return form"]).vectors
    assert puppy @ dog > puppy @ tax + 0.2
