"""Answers to the exercises of lesson 06, Training, and words of what their checks print."""


def choose(column="val_iou", better=max, extra=0, restart=True, first=0):
    """An answer to ``best_epoch``, right unless an argument spoils it."""

    def answer(rows, patience):
        keep = waited = 0
        for epoch, row in enumerate(rows):
            if epoch and better(row[column], rows[keep][column]) != rows[keep][column]:
                keep, waited = epoch, 0 if restart else waited
            elif epoch:
                waited += 1
            if waited == patience + extra:
                break
        return keep + first, epoch + first

    return answer


def choose_without_a_stop(rows, patience):
    return max(range(len(rows)), key=lambda epoch: rows[epoch]["val_iou"]), len(rows) - 1


def choose_by_neighbours(rows, patience):
    falls = [b["val_iou"] < a["val_iou"] for a, b in zip(rows, rows[1:])]
    ends = [i + 1 for i in range(patience - 1, len(falls)) if all(falls[i - patience + 1 : i + 1])]
    stop = ends[0] if ends else len(rows) - 1
    return choose_without_a_stop(rows[: stop + 1], patience)[0], stop


ANSWERS = [
    ("best_epoch", choose(), "Right!"),
    ("best_epoch", choose("loss", min), "Is this by the training persons?"),
    ("best_epoch", choose("iou"), "Is this by the training persons?"),
    ("best_epoch", choose("val_loss", min), "goes by the validation loss"),
    ("best_epoch", choose(better=min), "keeps the worst"),
    ("best_epoch", choose(extra=1), "One epoch too many"),
    ("best_epoch", choose(extra=-1), "stops too soon"),
    ("best_epoch", choose(restart=False), "the count begins again"),
    ("best_epoch", choose(first=1), "Both are one too high"),
    ("best_epoch", choose_without_a_stop, "never seen"),
    ("best_epoch", choose_by_neighbours, "the best so far"),
    ("best_epoch", lambda rows, patience: (choose()(rows, patience)[1],) * 2, "keeps the last epoch trained"),
    ("best_epoch", lambda rows, patience: (rows[5], 8), "not its row"),
    ("best_epoch", lambda rows, patience: (0.84, 8), "not how good"),
    ("best_epoch", lambda rows, patience: 5, "Return two things"),
    ("best_epoch", lambda rows, patience: (choose()(rows, patience)[0],) * 2, "not (5, 5)"),
    ("best_epoch", lambda rows, patience: (keep := choose()(rows, patience)[0], keep + patience), "ends before"),
]
