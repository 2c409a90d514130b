"""Which families of models are known, what each can read, and how its output becomes one vector.

A family is a `model_type` of `transformers`. Poolings are functions of `encoders.hub.pooling`.
"""

from collections.abc import Mapping
from types import MappingProxyType

from encoders.hub import pooling
from encoders.hub.pooling import Pooling
from encoders.modalities import Modality

_BERT_LIKE = (
    "albert bert camembert convbert deberta deberta-v2 distilbert electra ernie megatron-bert mobilebert "
    "modernbert mpnet nomic_bert rembert roberta roberta-prelayernorm roformer xlm-roberta xlm-roberta-xl"
)
_DUAL = "altclip chinese_clip clip metaclip_2 siglip"
_WAVES = "data2vec-audio hubert unispeech unispeech-sat wav2vec2 wavlm"

FAMILIES: Mapping[Modality, Mapping[str, Pooling]] = MappingProxyType(
    {
        "text": {
            # Mean over the mask, unless a sentence-transformers folder says otherwise.
            **dict.fromkeys(_BERT_LIKE.split(), pooling.token_mean),
            # Projected, so that it lies in one space with the image, the sound or the clip.
            **dict.fromkeys(f"{_DUAL} clap xclip".split(), pooling.text_features),
        },
        "image": {
            **dict.fromkeys(_DUAL.split(), pooling.image_features),
            # [CLS] after the last norm: the published classifiers read it, and their files hold no pooler.
            **dict.fromkeys(("deit", "vit", "vit_msn"), pooling.first_token),
            # [CLS] too, for retrieval as in the DINOv2 paper (Oquab et al., 2023).
            **dict.fromkeys(("dinov2", "dinov2_with_registers", "dinov3_vit"), pooling.first_token),
            "ijepa": pooling.mean,
            # The pooler is global average pooling, with nothing learned in it.
            **dict.fromkeys(("resnet", "regnet"), pooling.pooler),
        },
        "audio": {
            "audio-spectrogram-transformer": pooling.pooler,
            "clap": pooling.audio_features,
            **dict.fromkeys(_WAVES.split(), pooling.time_mean),
        },
        "video": {
            # As their classifiers do: VideoMAE has no [CLS].
            "videomae": pooling.mean,
            "timesformer": pooling.first_token,
            "xclip": pooling.video_features,
        },
    }
)


def pooling_of(modality: Modality, model_type: str, name: str) -> Pooling:
    """How a family's output becomes one vector.

    An image family that is not in the table, and that `transformers` can classify images with, is pooled by its
    pooler where its weights hold one, else by the mean.

    Args:
        modality: What shall be read.
        model_type: The family.
        name: The encoder's, for the message.

    Raises:
        ValueError: The family is not known, or reads something else.
    """
    known = FAMILIES.get(modality, {})
    if model_type in known:
        return known[model_type]
    others = [other for other, families in FAMILIES.items() if model_type in families]
    if others:
        message = (
            f"{name}: a {model_type} model encodes {' and '.join(others)}, not {modality}; try it for that"
        )
        raise ValueError(message)
    if modality == "image" and _classifies_images(model_type):
        return pooling.pooler_or_mean
    message = f"{name}: {model_type} models are unknown as {modality} encoders; known are: {', '.join(sorted(known))}"
    raise ValueError(message)


def _classifies_images(model_type: str) -> bool:
    from transformers.models.auto.modeling_auto import (  # noqa: PLC0415  # heavy, and rarely needed
        MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES,
    )

    return model_type in MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES
