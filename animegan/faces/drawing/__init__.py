"""Anime faces and scenes that this project draws itself, with every attribute known."""

from animegan.faces.drawing.character import TAGS, Character, random_character
from animegan.faces.drawing.portrait import draw_face, draw_faces, draw_many
from animegan.faces.drawing.scene import draw_scene, draw_scenes

__all__ = [
    "TAGS",
    "Character",
    "draw_face",
    "draw_faces",
    "draw_many",
    "draw_scene",
    "draw_scenes",
    "random_character",
]
