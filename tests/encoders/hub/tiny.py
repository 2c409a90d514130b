"""Tiny models of every family with random weights, saved as published ones are. Nothing is fetched."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
import transformers

from tests.encoders.hub.tokenizers import save_bytes, save_letters

tf: Any = transformers
"""It leaves half of its classes untyped."""
Class = Any
WIDTH = 32
SPACE = 24
"""Dimensions of the space that two towers share."""
LAYERS: Mapping[str, Any] = MappingProxyType(
    {
        "hidden_size": WIDTH,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 48,
        # Wide enough for a random model to tell its inputs apart.
        "initializer_range": 0.3,
        "initializer_factor": 10.0,
    }
)
PICTURE: Mapping[str, Any] = MappingProxyType({"image_size": 32, "patch_size": 8})
SQUARE = {"height": 32, "width": 32}


def save(model_class: Class, config: transformers.PreTrainedConfig, folder: Path) -> None:
    torch.manual_seed(3)
    model_class(config).eval().save_pretrained(folder)


def bert(folder: Path) -> None:
    size = save_letters(folder)
    save(tf.BertModel, tf.BertConfig(vocab_size=size, max_position_embeddings=64, **LAYERS), folder)


def bert_name(folder: Path) -> str:
    """Saves a BERT, which one thread will run; returns the name that it is loaded by."""
    torch.set_num_threads(1)
    bert(folder)
    return f"hf:{folder}"


def roberta(folder: Path) -> None:
    # A tokenizer that knows of no limit, as some published ones.
    size = save_bytes(folder, first="<s>", last="</s>", padding="<pad>", length=10**9)
    # Positions begin after that of padding, 1 in this vocabulary.
    config = tf.RobertaConfig(vocab_size=size, max_position_embeddings=66, pad_token_id=1, **LAYERS)
    save(tf.RobertaModel, config, folder)


def clip(folder: Path) -> None:
    size = save_bytes(folder, first="<start>", last="<end>", padding="<end>", length=40)
    text = {**LAYERS, "vocab_size": size, "max_position_embeddings": 40}
    config = tf.CLIPConfig(
        text_config={**text, "bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 1},
        vision_config={**LAYERS, **PICTURE},
        projection_dim=SPACE,
    )
    save(tf.CLIPModel, config, folder)
    tf.CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size=SQUARE).save_pretrained(folder)


def siglip(folder: Path) -> None:
    size = save_bytes(folder, first=None, last="</s>", padding="</s>", length=40)
    text = {
        **LAYERS,
        "vocab_size": size,
        "max_position_embeddings": 40,
        "projection_size": WIDTH,
        "pad_token_id": 0,
    }
    text |= {"bos_token_id": 0, "eos_token_id": 0}
    config = tf.SiglipConfig(text_config=text, vision_config={**LAYERS, **PICTURE})
    save(tf.SiglipModel, config, folder)
    tf.SiglipImageProcessorPil(size=SQUARE).save_pretrained(folder)


def resnet(folder: Path) -> None:
    config = tf.ResNetConfig(embedding_size=16, hidden_sizes=[16, WIDTH], depths=[1, 1], layer_type="basic")
    save(tf.ResNetModel, config, folder)
    tf.ConvNextImageProcessorPil(size={"shortest_edge": 32}, crop_pct=0.875).save_pretrained(folder)


def vit(folder: Path) -> None:
    # As published: a classifier, whose file holds no pooler.
    save(tf.ViTForImageClassification, tf.ViTConfig(**LAYERS, **PICTURE), folder)
    tf.ViTImageProcessorPil(size=SQUARE).save_pretrained(folder)


def dinov2(folder: Path) -> None:
    save(tf.Dinov2Model, tf.Dinov2Config(**LAYERS, **PICTURE), folder)
    tf.BitImageProcessorPil(size={"shortest_edge": 36}, crop_size=SQUARE).save_pretrained(folder)


def swin(folder: Path) -> None:
    config = tf.SwinConfig(
        image_size=32, patch_size=4, embed_dim=16, depths=[1, 1], num_heads=[2, 4], window_size=4
    )
    save(tf.SwinModel, config, folder)
    tf.ViTImageProcessorPil(size=SQUARE).save_pretrained(folder)


def ast(folder: Path) -> None:
    save(tf.ASTModel, tf.ASTConfig(max_length=100, num_mel_bins=32, **LAYERS), folder)
    tf.ASTFeatureExtractor(max_length=100, num_mel_bins=32).save_pretrained(folder)


def wav2vec2(folder: Path) -> None:
    """As the base models: group norm over time, no mask."""
    _waves(folder, tf.Wav2Vec2Config, tf.Wav2Vec2Model, masks=False)


def hubert(folder: Path) -> None:
    """As the large models: layer norm, a mask."""
    _waves(folder, tf.HubertConfig, tf.HubertModel, masks=True)


def _waves(folder: Path, config_class: Class, model_class: Class, masks: bool) -> None:
    config = config_class(
        **LAYERS,
        conv_dim=[16, 16, 16],
        conv_kernel=[10, 8, 8],
        conv_stride=[10, 8, 4],
        feat_extract_norm="layer" if masks else "group",
        do_stable_layer_norm=masks,
        num_conv_pos_embeddings=8,
        num_conv_pos_embedding_groups=4,
    )
    save(model_class, config, folder)
    tf.Wav2Vec2FeatureExtractor(return_attention_mask=masks).save_pretrained(folder)


def clap(folder: Path) -> None:
    size = save_bytes(folder, first="<s>", last="</s>", padding="<pad>", length=64)
    text = {**LAYERS, "vocab_size": size, "max_position_embeddings": 66, "pad_token_id": 1}
    audio = {
        "spec_size": 64,
        "num_mel_bins": 16,
        "patch_embeds_hidden_size": 16,
        "hidden_size": WIDTH,
        "depths": [1, 1],
        "num_attention_heads": [2, 4],
        "window_size": 4,
        "projection_dim": SPACE,
        "enable_fusion": True,
    }
    config = tf.ClapConfig(
        text_config={**text, "projection_dim": SPACE}, audio_config=audio, projection_dim=SPACE
    )
    save(tf.ClapModel, config, folder)
    tf.ClapFeatureExtractor(feature_size=16, max_length_s=1, truncation="fusion").save_pretrained(folder)


def videomae(folder: Path) -> None:
    save(tf.VideoMAEModel, tf.VideoMAEConfig(num_frames=4, **LAYERS, **PICTURE), folder)
    tf.VideoMAEImageProcessorPil(size={"shortest_edge": 32}, crop_size=SQUARE).save_pretrained(folder)


def timesformer(folder: Path) -> None:
    save(tf.TimesformerModel, tf.TimesformerConfig(num_frames=3, **LAYERS, **PICTURE), folder)
    tf.VideoMAEImageProcessorPil(size={"shortest_edge": 32}, crop_size=SQUARE).save_pretrained(folder)


def xclip(folder: Path) -> None:
    size = save_bytes(folder, first="<start>", last="<end>", padding="<end>", length=40)
    text = {**LAYERS, "vocab_size": size, "max_position_embeddings": 40, "eos_token_id": 1, "pad_token_id": 1}
    vision = {
        **LAYERS,
        **PICTURE,
        "num_frames": 4,
        "mit_hidden_size": SPACE,
        "mit_intermediate_size": 48,
        "mit_num_hidden_layers": 1,
        "mit_num_attention_heads": 4,
    }
    config = tf.XCLIPConfig(text_config=text, vision_config=vision, projection_dim=SPACE)
    save(tf.XCLIPModel, config, folder)
    tf.VideoMAEImageProcessorPil(size={"shortest_edge": 32}, crop_size=SQUARE).save_pretrained(folder)


BUILDERS: Mapping[str, Callable[[Path], None]] = MappingProxyType(
    {
        builder.__name__: builder
        for builder in (
            ast, bert, clap, clip, dinov2, hubert, resnet, roberta, siglip, swin, timesformer, videomae, vit,
            wav2vec2, xclip,
        )
    }
)  # fmt: skip
