# %% [markdown]
# # 07 Exploring predictions
#
# *The training is over, and a number came out. Which photos does it hide? What do the bad ones have in common, and
# could the network have told you that it was not sure?*
#
# **You will be able to**
# - keep a model in a file that opens again in a new process;
# - look at results in the order that teaches most, and say what kind of error you see;
# - choose a threshold without spoiling the test;
# - find out how much a network's doubt is worth, and whether its probabilities are honest.
#
# **Time:** 60 minutes to work through; the computer needs {{ceil(memory["07"].wall_seconds / 60)}} of them on two CPU cores.
#
# **You need:** IoU from [05 Losses and metrics](05_losses_and_metrics.ipynb), and the split by person from [01 Photos
# and masks](01_photos_and_masks.ipynb).

# %% [markdown]
# This is the whole network of the course, trained. This lesson is about what comes out. Click on a block to open it, or
# use Tab and the arrow keys.

# %%
hs.explore.open_network("hand")

# %% [markdown]
# ## 1. A file for a model
#
# A trained model is worth hours, so it goes into a file. Do not wait for the end of the training to try that. Save and
# load the network **before** you train it, while nothing is at stake. Random weights will do:

# %%
import tempfile
from pathlib import Path

import keras

profile = hs.profile.current()
store = tempfile.TemporaryDirectory()  # gone when the notebook ends
folder = Path(store.name)
model = hs.build_unet(profile.size, weights=None)
model.compile("sgd", loss=hs.losses.dice_bce_loss, metrics=[hs.metrics.mean_iou()])
model.save(folder / "untrained.keras")
loaded = keras.models.load_model(folder / "untrained.keras")

# %% [markdown]
# No error, but is it the same model? Ask both for a prediction:

# %%
import numpy as np

samples = profile.samples()
split = hs.split_by_person(samples)
images, masks = hs.Batches(split.train[:2], profile.size, batch_size=2)[0]
ours, theirs = model.predict_on_batch(images), loaded.predict_on_batch(images)
print("largest difference:", abs(ours - theirs).max(), "of values from", ours.min(), "to", ours.max())
assert abs(ours - theirs).max() < 1e-3

# %% [markdown]
# What is in the file? It is a zip archive. `config.json` describes the layers, and how the model was compiled. The
# weights are beside it:

# %%
import zipfile

for entry in zipfile.ZipFile(folder / "untrained.keras").infolist():
    print(f"{entry.filename:18} {entry.file_size / 1e6:6.2f} MB")

# %% [markdown]
# ## 2. A file that does not open
#
# The article saves its model as `model.h5`, a format that Keras itself calls legacy. It loads it in the same notebook,
# where it can hand its loss and metrics to `load_model` once more. Now come back next week, with a new notebook and
# nothing but the file. Here is that visit, with a network of one layer and a loss written as a plain function:


# %%
def my_loss(true, pred):
    both, total = keras.ops.sum(true * pred), keras.ops.sum(true) + keras.ops.sum(pred)
    return 1 - 2 * both / total


# %%
def save_and_load(name, loss):
    tiny = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(1, 1, activation="sigmoid")])
    tiny.compile("sgd", loss=loss)
    tiny.save(folder / name)
    try:
        keras.models.load_model(folder / name)
        print(f"{name}: loads")
    except (TypeError, ValueError) as error:
        print(f"{name}: {type(error).__name__}: {str(error).split('If they are')[0]}")


save_and_load("model.h5", my_loss)

# %% [markdown]
# "String indices must be integers" does not sound like a missing loss. The model's file holds the *name* of the
# function, not its code. Nobody in the new notebook knows that name, and the old format stumbles over it. The new one,
# `.keras`, at least says what it misses:

# %%
save_and_load("model.keras", my_loss)

# %% [markdown]
# The article hands the function to the loader, as `custom_objects`. That works as long as you still have its code at
# hand. There are two better ways out. If you want to go on training, **register** the function: one line above its
# definition gives it a name under which Keras finds it, in every program that imports the module. The library's losses
# and layers carry that line.


# %%
@keras.saving.register_keras_serializable("my_project")
def my_registered_loss(true, pred):
    return my_loss(true, pred)


save_and_load("registered.keras", my_registered_loss)

# %% [markdown]
# If you only want predictions, you do not need the loss at all: `load_model(path, compile=False)` leaves it out. The
# course's `hs.load_predictor(path)` does that, and gives you network and threshold in one, a
# [predictor](../docs/glossary.md#predictor). The threshold is 0.5, for the file does not hold one; the course's own model
# has its own, on its card.
#
# How would one have noticed? By loading in a **new** process what one has saved, with two lines, on the first day. A
# backup that was never restored is a hope.

# %%
assert keras.models.load_model(folder / "model.keras", compile=False).count_params() == 4

# %% [markdown]
# ## 3. People it has never seen
#
# From here on you look at the course's own model. Its card says what it was trained on, and with which threshold it is
# to be used. A model without such a card is hard to trust: nobody can tell which test is a fair one.
#
# The card's test score, printed below, is that of the network as you get it, cut at the card's threshold. It is the
# README's figure, too: what is told is what is shipped.

# %%
predictor = hs.load_predictor()
card = predictor.card
print(card["data"])
print("trained on persons", *card["split"]["train"])
print("threshold", predictor.threshold, "was chosen on persons", *card["split"]["val"])
print(f"IoU {card['test']['iou']:.3f} was scored on persons", *card["split"]["test"])
assert not set(card["split"]["train"] + card["split"]["val"]) & {s.person for s in split.test}

# %% [markdown]
# If your photos are HGR1's, the test persons are the card's. If they are drawn, all of them are strangers to the
# network, and so is the kind of picture: it was trained on photos and on nothing else. Then this lesson asks how far it
# carries, and a fall against the card's numbers is to be expected.

# %%
import pandas as pd

report = hs.evaluate(predictor, split.test)
summary = pd.Series(report.summary(), name="test persons")
summary[["iou", "iou_low", "iou_high", "f1", "worst_person_iou", "boundary_px"]].astype(float).round(3).to_frame()

# %% [markdown]
# `iou` is the mean [IoU](../docs/glossary.md#iou) over photos, each at its own size. `iou_low` and `iou_high` say how
# far that mean could move with other persons, drawn from these few. Of three persons that is no more than the worst and
# the best (lesson 08). [`boundary_px`](../docs/glossary.md#boundary_px) is how far the predicted outline lies from the
# true one, in pixels, in the middle photo.
#
# You know four of these hands since lesson 01. Here they are with the masks that the network gives them. The fourth is
# of a training person: if your photos are HGR1's, the network has met that hand, and its score proves nothing.

# %%
four = [next(s for s in split.test if s.person == p) for p in ("02", "05", "09")] + split.train[:1]
pictures, titles = [], []
for sample in four:
    image, true = sample.read()
    pred = predictor.mask(image)
    pictures.append(hs.plots.overlay(image, pred))
    titles.append(f"person {sample.person}, IoU {hs.metrics.iou(true, pred):.2f}")
hs.plots.images(pictures, titles, alt="The four hands of the course, each with the mask that the network predicts.")

# %% [markdown]
# Now take the mean apart, by person and by gesture, worst first:

# %%
report.by("person").round(3)

# %%
report.by("gesture").head(6).round(3)

# %% [markdown]
# Be slow to believe the second table. Look at its last column: a gesture has few photos, and one bad one drags it down.
# Somebody is always last. Before you say that a gesture is hard, see whether it is hard for more than one person.

# %%
persons = report.by("person").index
alt = "Each test photo as a dot at its IoU, in a row for each person, and a bar at the person's mean."
fig, ax = hs.plots.figure(alt, width=7.0, height=2.4)
for row, person in enumerate(persons):
    scores = report.table.iou[report.table.person == person]
    ax.plot(scores, np.full(len(scores), row), "o", color=hs.plots.BLUE, alpha=0.4)
    ax.plot(scores.mean(), row, "|", color=hs.plots.VERMILION, markersize=28, markeredgewidth=3)
ax.set_yticks(range(len(persons)), [f"person {person}" for person in persons])
ax.set(xlabel="IoU of a photo (bar: the person's mean)", ylim=(len(persons) - 0.5, -0.5))
fig

# %% [markdown]
# This is what a mean hides. A person whose dots stand close together and one with two failures can have the same bar.

# %% [markdown]
# ## 4. Exercise: worst first (warm-up)
#
# Whom do you look at first? Write a function that takes the IoUs of some photos, as a numpy array, and a number `n`. It
# returns the **positions** of the `n` worst photos, the worst of all first. For `[0.9, 0.3, 0.6]` and `n = 2` that is
# 1, then 2.


# %%
def worst_first(ious, n):
    # <solution>
    return np.argsort(ious)[:n]
    # </solution>


# %%
hs.check.worst_first(worst_first)

# %% [markdown]
# ## 5. Worst first
#
# The article ends with "a few predicted segmentations for unseen data". How were the few chosen? Here are four photos
# from one end of the table, and four from the other. Same network, same test.

# %%
order = report.table.sort_values("iou", kind="stable").index  # pandas' way to the same order
pictures, titles = [], []
for i in [*order[::-1][:4], *order[:4]]:
    image, true = split.test[i].read()
    pictures.append(hs.plots.overlay(image, predictor.mask(image)))
    titles.append(f"person {split.test[i].person}, IoU {report.table.iou[i]:.2f}")
hs.plots.images(
    pictures, titles, alt="Two rows of hands with predicted masks: the four best photos above, the four worst below."
)

# %% [markdown]
# Either row alone would tell you a story. Only the lower one tells you what to do next. So look at the worst in full,
# and write one line for each. There are three sorts of causes:
#
# - **the photo**: blurred, dark, skin that leaves the picture, a thing with the colour of skin;
# - **the mask**: look at the true outline before you blame the network. Whoever drew it was human, or a program;
# - **the network**: neither of the two, and it fails all the same.

# %%
worst = [split.test[i] for i in order[:6]]
hs.plots.predictions(predictor, worst[:3])

# %% [markdown]
# ## 6. What kind of error?
#
# A few photos are anecdotes. To say what goes wrong in all of them, sort every wrong pixel by two questions.
#
# **Missed or false?** Missed hand is skin that the network did not find; false hand is something else that it took for
# skin.
#
# **Near the outline or far from it?** Near it, people who draw masks disagree as well: on HGR1, growing every
# mask by a single pixel already costs {{audit.one_pixel:.3f}} in F1. Far from it, a whole piece is in question: the network's mistake,
# or a mask that left something out. Only a look tells. Call "near" what lies within a hundredth of the photo's longer
# side.

# %%
import cv2


def sort_errors(true, pred):
    width = round(max(true.shape) / 100)
    kernel = np.ones((2 * width + 1, 2 * width + 1), np.uint8)
    near = cv2.dilate(true, kernel) > cv2.erode(true, kernel)  # a band along the true outline
    missed, false = true > pred, pred > true
    kinds = {"missed far": missed & ~near, "missed near": missed & near}
    return kinds | {"false near": false & near, "false far": false & ~near}


# %%
image, true = worst[0].read()
kinds = sort_errors(true, predictor.mask(image))
hs.plots.images(
    [hs.plots.overlay(image, true), *kinds.values()],
    ["the true mask", *kinds],
    columns=5,
    alt="The worst photo with its true mask, and its wrong pixels: missed or false, near the outline or far from it.",
)

# %% [markdown]
# Now count them in all test photos. To compare persons, divide by the area of their hands.

# %%
rows = []
for sample in split.test:
    image, true = sample.read()
    counts = {kind: int(wrong.sum()) for kind, wrong in sort_errors(true, predictor.mask(image)).items()}
    rows.append({"person": sample.person, "hand": int(true.sum())} | counts)
errors = pd.DataFrame(rows)
assert errors["missed far"].sum() + errors["missed near"].sum() == report.table.fn.sum()
totals = errors.groupby("person").sum().loc[persons]
shares = totals[list(kinds)].div(totals.hand, axis=0)
shares.round(3)

# %%
alt = "A bar for each person, worst on top: wrong pixels as a share of the hand, missed or false, near or far."
fig, ax = hs.plots.figure(alt, width=7.0, height=2.6)
colours = hs.plots.BLUE, hs.plots.SKY, hs.plots.ORANGE, hs.plots.VERMILION
left = np.zeros(len(shares))
for kind, colour in zip(shares, colours):
    ax.barh(range(len(shares)), shares[kind], left=left, color=colour, edgecolor="white", label=kind)
    left += shares[kind].to_numpy()
ax.set_yticks(range(len(shares)), [f"person {person}" for person in shares.index])
ax.set(xlabel="wrong pixels, as a share of the person's hand pixels", ylim=(len(shares) - 0.5, -0.5))
fig.legend(fontsize=8, loc="outside upper center", ncols=4)
fig

# %% [markdown]
# Read the bars as a list of things to do.
#
# - Much of the two middle colours: the outline is a little off. Train at a larger size, or ask how exact the masks are.
#   There is a floor here that no network gets under.
# - Much **false far**: whole things are taken for skin. Go back to the pictures. Is the mask right? Is it always the
#   same kind of thing, a sleeve, a wall, wood? Then photos of hands *with* that thing are what the training lacks.
# - Much **missed far**: parts of a hand are not found, in a shadow or in a skin tone that the training had too little
#   of. If one person has most of it, that is more than a number. For them the network works worse.

# %% [markdown]
# ## 7. The threshold
#
# Every mask so far was cut at one [threshold](../docs/glossary.md#threshold). A lower one would have missed less and claimed more. To see the whole
# range you need each probability once, and no further pass of the network:

# %%
thresholds = np.arange(0.05, 1, 0.05).round(2)
image, true = worst[0].read()
probability = predictor(image)
print("threshold", *[f"{threshold:.2f}" for threshold in thresholds])
print("IoU      ", *[f"{hs.metrics.iou(true, probability >= threshold):.2f}" for threshold in thresholds])

# %% [markdown]
# ## 8. Exercise: the best threshold (core)
#
# That was one photo. Write a function that takes a list of probabilities, a list of true masks (both may differ in size
# from photo to photo) and some thresholds. A pixel that just reaches a threshold is hand (`>=`). It returns the
# threshold with the highest mean IoU, the mean being taken over photos.


# %%
def best_threshold(hands, masks, thresholds):
    # <solution>
    scores = [np.mean([hs.metrics.iou(mask, hand >= t) for hand, mask in zip(hands, masks)]) for t in thresholds]
    return thresholds[np.argmax(scores)]
    # </solution>


# %%
hs.check.best_threshold(best_threshold)

# %% [markdown]
# ## 9. On whom to choose it
#
# On which people should you use that function? The article's validation set *is* its test set: the photos by which it
# decides when to stop are those on which it reports. Every choice made on the test set makes the report a little too
# good, and the threshold is such a choice. The validation persons are there for it. Draw both curves, and decide on one
# of them only.


# %%
def curve(samples):
    rows = []
    for sample in samples:
        image, true = sample.read()
        probability = predictor(image)
        rows.append([hs.metrics.iou(true, probability >= threshold) for threshold in thresholds])
    return np.mean(rows, axis=0)


# %%
val, test = curve(split.val), curve(split.test)
chosen = val.argmax()
print(f"chosen on the validation persons: {thresholds[chosen]}, where the test persons score {test[chosen]:.4f}")
print(f"chosen on the test persons:       {thresholds[test.argmax()]}, where they score {test.max():.4f}")
assert test.max() >= test[chosen]

# %%
alt = (
    "Mean IoU against the threshold, for the validation persons and for the test persons; a line marks the one chosen."
)
fig, ax = hs.plots.figure(alt, width=7.0)
ax.plot(thresholds, val, color=hs.plots.BLUE, marker="o", label="validation persons: choose here")
ax.plot(thresholds, test, "--", color=hs.plots.VERMILION, marker="s", label="test persons: report, do not choose")
ax.axvline(thresholds[chosen], color=hs.plots.GREY, label=f"chosen: {thresholds[chosen]}")
ax.set(xlabel="threshold", ylabel="mean IoU")
ax.legend(fontsize=8)
fig

# %% [markdown]
# The second number can never be below the first. That is why it is no result: you would find a gain even where there is
# nothing but luck, and another with every further thing that you choose on the test. If the first number is far below
# the second, do not go back and take the second. You have learned something else: two persons are few to choose by.
#
# Look at the shape too. A flat top has one of two reasons: few pixels lie between these thresholds, or those that do are
# hand about as often as not, so that gains and losses cancel. Either way the threshold matters little:

# %%
flat = thresholds[val > val.max() - 0.005]
print(f"within 0.005 of the best on the validation persons: thresholds {flat.min()} to {flat.max()}")

# %% [markdown]
# So which threshold do you ship? The best of many is partly the luckiest, for these persons as well. Ask how sure its
# gain over the customary 0.5 is: draw the persons again, with replacement, many times, and see between which bounds the
# gain lies in 95 of 100 draws. (Lesson 08 does this step by step.)

# %%
cuts = (float(thresholds[chosen]), 0.5)
at_chosen, at_half = (hs.evaluate(hs.Predictor(predictor.model, cut), split.val) for cut in cuts)
gain, low, high = at_chosen.gain_over(at_half)
print(f"gain over 0.5 on the validation persons: {gain:+.4f}, interval {low:+.4f} to {high:+.4f}")

# %% [markdown]
# The course's rule: ship 0.5, unless the whole interval lies above zero. Then every draw of the persons says that the
# other threshold is better. On HGR1's two validation persons {{card.threshold_choice.best}} is best, with an IoU of
# {{card.threshold_choice.iou_at_best:.3f}} where 0.5 has {{card.threshold_choice.iou_at_half:.3f}}. But the interval of
# this gain goes from {{card.threshold_choice.low:+.3f}} to {{card.threshold_choice.high:+.3f}}: one person gains by it,
# and the other one loses. So the course's model is shipped with {{card.threshold}}.
# <!-- holds: card.threshold == 0.5 and card.threshold_choice.low < 0 < card.threshold_choice.high -->
#
# On other pictures, drawn hands or those of your own camera, another threshold may be better. You find it the same way,
# on some photos with masks that you do not report on.

# %% [markdown]
# ## 10. Does it know when it is wrong?
#
# In use, nobody hands you a true mask. Could the network warn you? Ask it twice. The mirror image of a hand is a hand
# too, so the mirrored photo should give the mirrored answer. Where it does not, the network has no firm opinion.


# %%
def second_look(image):
    """The probability for the mirrored photo, mirrored back."""
    return predictor(image[:, ::-1])[:, ::-1]


# %%
pictures, titles = [], []
for sample in worst[:2]:
    image, true = sample.read()
    first, second = predictor(image), second_look(image)
    wrong = hs.plots.errors(image, true, (first >= predictor.threshold).astype(np.uint8))
    pictures += [first, second, np.minimum(1, 5 * abs(first - second)), wrong]
    titles += ["first look", "second look", "disagreement, times 5", hs.plots.ERRORS]
alt = "Two rows: the probability of hand, the one from the mirrored photo, their difference, and the wrong pixels."
hs.plots.images(pictures, titles, alt)

# %% [markdown]
# Is the disagreement where the errors are? Put it to the test. Point at the 5 % of each photo's pixels with the most
# disagreement: how many of the wrong pixels do you hit? Pointing by chance would hit 5 %. And there is a rival that
# costs nothing: the pixels whose probability is nearest to one half, from the first look alone.


# %%
def hit(doubt, wrong, share=0.05):
    count = int(share * doubt.size)
    top = np.argpartition(doubt.ravel(), -count)[-count:]
    return wrong.ravel()[top].sum() / max(1, wrong.sum())


# %%
rows, hands, truth = [], [], []
for sample in split.test:
    image, true = sample.read()
    first, second = predictor(image), second_look(image)
    hands.append(first)
    truth.append(true)
    wrong, disagreement = (first >= predictor.threshold) != true, abs(first - second)
    hits = {"disagreement": hit(disagreement, wrong), "near one half": hit(-abs(first - 0.5), wrong)}
    both = hs.metrics.iou(true, (first + second) / 2 >= predictor.threshold)
    rows.append({"doubt": disagreement.mean(), "iou both looks": both} | hits)
looks = pd.DataFrame(rows)
looks[["disagreement", "near one half"]].mean().to_frame("share of wrong pixels hit by 5 % of all").round(2)

# %% [markdown]
# Compare the two rows with chance, and with each other: the second look costs a whole pass of the network, and has to
# earn it. With drawn hands it does not: the probability alone finds more. What neither hits are the errors that matter
# most, those of which the network is **sure**. If a sleeve looks like skin to it, it does so in the mirror too. Two
# looks find hesitation; they do not find conviction.
#
# That was within photos. Between photos the question is another one: which of a thousand masks should a person check
# first?

# %%
rank = looks.doubt.rank().corr(report.table.iou.rank())
fig, ax = hs.plots.figure(
    f"Each test photo as a dot: mean disagreement against IoU, rank correlation {rank:.2f}.", width=6.0
)
ax.plot(looks.doubt, report.table.iou, "o", color=hs.plots.BLUE, alpha=0.5)
ax.set(xlabel="mean disagreement of a photo", ylabel="IoU", title=f"rank correlation {rank:.2f}")
ax.locator_params(axis="x", nbins=5)
fig

# %% [markdown]
# A correlation of -1 would mean that the disagreement sorts the photos as the IoU does, without any true mask. At 0 it
# would be worth nothing. If yours lies well below 0, checking the photos on the right first is a good use of an
# afternoon. On the 219 photos of HGR1's test persons it is {{-doubt.spearman:.2f}}, if disagreement is measured as one minus the IoU of
# the two masks ([results](../docs/results.md)).
#
# Then find the lowest dots. Are they on the right as well? A photo in which some large thing was taken for skin with
# conviction may lie on the left, among the best, and no amount of looking twice will point at it. With drawn hands the
# worst photos are of this kind, and the correlation is weak.
#
# One thing is left over. You have two looks: is their mean a better answer than the first alone?

# %%
print(f"mean IoU of the first look {report.table.iou.mean():.4f}, of both {looks['iou both looks'].mean():.4f}")

# %% [markdown]
# A difference of a few thousandths on so few photos is no news, whichever way it points. On nine persons of HGR1, each a
# stranger to the network, the mean of both looks has
# {{ablation["two looks: the mean of photo and mirror image"].iou:.3f}} where the first alone has {{ablation["the recipe"].iou:.3f}}, and all but one
# person gain by it ([results](../docs/results.md)). Small, but steady; and it needs no training. `hs.Predictor(model, mirror=True)`
# looks twice, in twice the time.
# <!-- holds: ablation["two looks: the mean of photo and mirror image"].worse_persons == 1 and ablation["two looks: the mean of photo and mirror image"].low > 0 -->

# %% [markdown]
# ## 11. Exercise: are its probabilities honest? (stretch)
#
# The network calls a pixel hand with 0.8. Is it right in 8 of 10 such cases? If so, its doubt can be taken at its word,
# and it is called **calibrated**.
#
# Write a function that takes a list of probabilities and a list of true masks (one of each for a photo; sizes differ),
# and two bounds. Of all pixels whose probability is at least `low` and less than `high`, in all photos together, it
# returns the share that is hand.


# %%
def share_of_hand(hands, masks, low, high):
    # <solution>
    inside = [mask[(hand >= low) & (hand < high)] for hand, mask in zip(hands, masks)]
    return np.concatenate(inside).mean()
    # </solution>


# %%
hs.check.share_of_hand(share_of_hand)

# %% [markdown]
# Once the check says "Right!", try it in a new cell: `share_of_hand(hands, truth, 0.7, 0.8)`. An honest network would
# give about 0.75. The figure asks the same question for ten pairs of bounds at once, with three histograms: of all
# pixels, of what was said of them, and of those that are hand.

# %%
edges = np.linspace(0, 1, 11)
everything = sum(np.histogram(hand, edges)[0] for hand in hands)
skin = sum(np.histogram(hand[true == 1], edges)[0] for hand, true in zip(hands, truth))
total = sum(np.histogram(hand, edges, weights=hand)[0] for hand in hands)
said, share = total / np.maximum(1, everything), skin / np.maximum(1, everything)
fig, ax = hs.plots.figure(
    "The share of hand pixels against the probability that the network gave them; a dashed diagonal is honesty.",
    width=4.5,
)
hs.plots.lines(ax, said, {"this network": share, "an honest one": said}, "probability it said", "share that is hand")
fig

# %% [markdown]
# A curve above the diagonal means that more is hand than the network says: it is too shy, and a lower threshold finds
# more. Below it, the network claims too much. Compare with the threshold that the validation persons chose.
#
# Do not forget how few pixels this is about:

# %%
doubtful = everything[1:-1].sum() / everything.sum()
print(f"{doubtful:.1%} of all pixels have a probability between 0.1 and 0.9")
assert doubtful < 0.2

# %% [markdown]
# ## 12. Move the slider
#
# The last figure is for you to move. Change the threshold, and step through the six worst photos. For which of them
# does another threshold help, and for which is there none that does? Write a note on each, and download the list: that
# is the plan for your next training.

# %%
hs.explore.explore(predictor, worst)

# %% [markdown]
# The sliders need a running notebook. On a page that only shows one, here is the worst photo at a high threshold:

# %%
hs.explore.draw_threshold(worst[0], predictor(worst[0].read()[0]), 0.9)

# %% [markdown]
# None of these photos is yours. `hs.explore.try_photo(predictor)` takes one of yours, from a file or from the camera,
# shows where the network finds a hand in it, and lets you download the mask and the hand cut out. All sliders of the
# course stand together in [Sliders](sliders.ipynb).

# %% [markdown]
# If you have trained lesson 06's network, you can switch to it here. It is smaller and has learned for minutes. Where
# is it as good as the course's, and where is it not?

# %%
hs.explore.try_photo(predictor, hs.my_network.load())

# %% [markdown]
# What does the network go by? Try to fool it. Choose a brush, and paint on the photo: skin's colour on the wall, a
# shadow across the hand, a ring, a scribble. The mask follows. Which paint does it take for hand, and which part of the
# hand can you make it lose?

# %%
hs.explore.fool(predictor, hs.my_hand.load(samples[0].read()[0]))

# %% [markdown]
# ## 13. What you learned
#
# - Save and load before you train, and load in a new process. `.keras` files, registered functions; `compile=False` if
#   you only predict.
# - A mean hides its tail. Take it apart by person, and look at the worst photos first.
# - Sort errors: missed or false, near the outline or far. Each kind has another remedy.
# - Choose the threshold, like everything else, on people on whom you do not report; and leave 0.5 only for a gain that is
#   sure.
# - Doubt, of one look or of two, shows where a network hesitates. Where it is sure and wrong, it shows nothing.
# - A network is honest if it is right in 8 of 10 cases where it says 0.8. That can be counted.

# %% [markdown]
# ## 14. Quiz

# %%
hs.quiz("07")

# %% [markdown]
# ## 15. Next
#
# You have come from a pixel to a prediction, and you know what to ask of it. One question is left: how far do the
# scores of three persons carry to a fourth? [08 Unseen people](08_unseen_people.ipynb) lets every person be the stranger
# once.
