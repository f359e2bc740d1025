"""Channels: how is it said? Every channel of the contract belongs to exactly one of these."""

from __future__ import annotations

from service.channels.agent_desk import AgentDesk
from service.channels.card import Card
from service.channels.text_message import TextMessage
from service.pipeline.stages import Channel

CHANNELS: tuple[type[Channel], ...] = (Card, AgentDesk, TextMessage)
