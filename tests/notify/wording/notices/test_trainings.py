"""Trainings are told with how they stand, and why they failed."""

from tests.notify.telling import event, events_of, noticed
from tocsin.notify.wording.notices.trainings import training


def test_a_training_under_way_tells_how_far_it_is() -> None:
    (told,) = events_of("fal", "progress")

    assert noticed(training, told, "ru") == [
        "running | Обучение: Идёт · ft-17",
        "Обучение: ft-17",
        "Статус: Выполняется",
        "Ход: 42%",
        "paragraph | шаг 420 из 1000",
    ]


def test_a_training_that_failed_tells_why() -> None:
    (told,) = events_of("fal", "failed")
    nested = event(
        "training.failed",
        {
            "payload": {"detail": [{"msg": "Could not download the images"}]},
            "training_type": "style",
        },
        source="fal",
    )

    assert noticed(training, told)[-1] == "paragraph | Invalid status code: 422"
    assert noticed(training, nested) == [
        "bad | Training: Failed · shop",
        "Project: shop",
        "Training: 42",
        "Type: Style",
        "Status: Failed",
        "paragraph | Could not download the images",
    ]


def test_other_ends_and_a_registration_are_told() -> None:
    registered = event(
        "training.registered",
        {"endpoint": "fal-ai/trainer", "training_type": "portrait", "by": "mina"},
        project="",
    )

    assert noticed(training, registered) == [
        "neutral | Training: Registered · 42",
        "Training: 42",
        "Type: Portrait",
        "Endpoint: fal-ai/trainer",
        "By: mina",
    ]
    assert noticed(training, event("training.completed"))[0] == "good | Training: Completed · shop"
    assert (
        noticed(training, event("training.cancelled"))[0] == "warning | Training: Cancelled · shop"
    )
    waiting = event("training.progressed", {"status": "IN_QUEUE", "queue_position": 3})
    assert noticed(training, waiting)[-2:] == ["Status: IN_QUEUE", "In queue: 3"]
