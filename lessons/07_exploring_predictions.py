# %% [markdown]
# # 07 Exploring predictions
#
# *The training is over, and you have a score. Which photos does this one number hide? What do the bad photos have in
# common? And could the network have told you that it was not sure?*

# %% [markdown]
# This is the whole network of the course, trained. This lesson is about its predictions. Click on a block to open it,
# or use Tab and the arrow keys.

# %%
hs.explore.open_network("hand")

# %% [markdown]
# **You will be able to**
# - look at the worst results first, and say what kind of error you see;
# - choose a threshold without using the test persons;
# - find out whether a network notices its errors, and whether its probabilities are honest;
# - say what a model's file must hold, so that it opens again in a new process.
#
# **Time:** 90 minutes to work through; the computer needs {{ceil(memory["07"].wall_seconds / 60)}} of them on two CPU
# cores.
#
# **You need:** IoU from [05 Losses and metrics](05_losses_and_metrics.ipynb), and the split by person from [01 Photos
# and masks](01_photos_and_masks.ipynb).

# %% [markdown]
# ## 1. People whom it has never seen
#
# You look at the course's own network. `hs.load_predictor` returns a [predictor](../docs/glossary.md#predictor): a
# network together with a threshold. The predictor has a card. The card says on which photos the network was trained,
# and which threshold belongs to it. Without such a card, you cannot tell which test of a model is fair.

# %%
import numpy as np
import pandas as pd

profile = hs.profile.current()
samples = profile.samples()
split = hs.split_by_person(samples)
predictor = hs.load_predictor()
card = predictor.card

# %%
print(card["data"])
print("trained on persons", *card["split"]["train"])
print("threshold", predictor.threshold, "was chosen on persons", *card["split"]["val"])
print(f"IoU {card['test']['iou']:.3f} was scored on persons", *card["split"]["test"])
assert not set(card["split"]["train"] + card["split"]["val"]) & {s.person for s in split.test}

# %% [markdown]
# The card gives the score of the very network that you have loaded. The score was measured with the threshold on the
# card.
#
# If your photos are HGR1's, the test persons are the test persons of the card. If your photos are drawn, the network
# has not seen these persons either. But it has learned from a few drawn hands of other persons. (The line above does
# not say so, but the longer [model card](../docs/model_card.md) does.) So the test is fair, but a little easier than a
# test on a kind of hands that the network has never seen.

# %%
report = hs.evaluate(predictor, split.test)
summary = pd.Series(report.summary(), name="test persons")
summary[["iou", "iou_low", "iou_high", "f1", "worst_person_iou", "boundary_px"]].astype(float).round(3).to_frame()

# %% [markdown]
# `iou` is the mean [IoU](../docs/glossary.md#iou) over photos, each at its own size. `iou_low` and `iou_high` say how
# different this mean could be with other persons (lesson 08). With three persons only, they are little more than two
# scores of the table by person, further below: the score of the worst person, and the score of the best.
# [`boundary_px`](../docs/glossary.md#boundary_px) says how far the predicted outline lies from the true outline, in
# pixels: half of the predicted outline is at most so far away. (This table shows the median over the photos. The tables
# by person and by gesture, further below, show the mean over the photos.) So a 0.000 does not mean a perfect mask. At
# least half of the outline lies exactly on the true outline, but the other half may be far off.
#
# Lesson 01 showed four hands. Here are these four, with the masks of the network. The first three are hands of test
# persons. The fourth is a hand of a training person. If your photos are HGR1's, the network was trained on this fourth
# hand, so the score of this hand proves nothing.

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
# Now look at the mean by person and by gesture, the worst first:

# %%
report.by("person").round(3)

# %%
report.by("gesture").head(6).round(3)

# %% [markdown]
# Be careful with the second table. The last column shows that each gesture has few photos, so a single bad photo lowers
# the mean of its gesture. Some gesture always has the lowest mean. Before you call a gesture difficult, check whether
# the gesture is difficult for more than one person.

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
# A mean hides how the photos of a person differ. The dots of one person may lie close together, and another person may
# have two failures. Both persons can have the same mean.

# %% [markdown]
# ## 2. Exercise: worst first (warm-up)
#
# Which photos do you look at first? Write a function that takes the IoUs of some photos, as a numpy array, and a
# number `n`. It returns the **positions** of the `n` worst photos, beginning with the worst. For `[0.9, 0.3, 0.6]` and
# `n = 2` these are 1 and 2.


# %%
def worst_first(ious, n):
    # <solution>
    return np.argsort(ious)[:n]
    # </solution>


# %%
hs.check.worst_first(worst_first)

# %% [markdown]
# ## 3. Worst first
#
# Many reports end with a few predictions. How were these predictions chosen? Here are the four best test photos, and
# below them the four worst. Both rows are from the same network and the same test.

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
# Each row alone would give a wrong impression. But only the lower row shows what to do next. So look closely at the
# worst photos, and write one line about each photo. The cause of an error can be one of three:
#
# - **the photo**: the photo is blurred or dark, the hand is cut off by the edge, or something else has the colour of
#   skin;
# - **the mask**: look at the true outline before you blame the network, because people make mistakes in masks, too;
# - **the network**: photo and mask are fine, but the network fails all the same.

# %%
worst = [split.test[i] for i in order[:6]]
hs.plots.predictions(predictor, worst[:3])

# %% [markdown]
# This lesson sometimes says what is on the *stored page*. The stored page is the lesson as it was before you ran it. If
# your hands are drawn, you see the same.
#
# <details>
# <summary>What we saw on the stored page</summary>
#
# All three photos show the gesture E. In this gesture there is an opening between thumb and forefinger. Behind the
# opening lie other parts of the hand, in deep shadow. The true mask includes these parts, and this is right: they were
# drawn as parts of the hand. The network takes the dark parts for background. So there are two causes: the photo is
# dark there, and the network has not learned that a hand goes on in its own shadow.
#
# </details>
#
# <details>
# <summary>If your hands are drawn: see the network fail</summary>
#
# Most drawn hands are easy for the network. The network fails more often if the hands stand in other rooms. `Elsewhere`
# of lesson 02 puts the hands into such rooms, and moves the true masks with them. Run this in a new cell:
#
# ```python
# away = hs.elsewhere.Elsewhere(hs.drawn_rooms.scenes(12, 224), room=1, empty=0)
# failures = []
# for images, masks in hs.Batches(split.test, 224, 8, augment=away):
#     for image, true in zip(images, masks[..., 0]):
#         pred = predictor.mask(image)
#         failures.append((hs.metrics.iou(true, pred), hs.plots.errors(image, true, pred)))
# failures.sort(key=lambda failure: failure[0])
# eight = failures[:8]
# hs.plots.images([shown for _, shown in eight], [f"IoU {iou:.2f}" for iou, _ in eight], alt="the eight worst")
# ```
#
# Missed hand is blue, and false hand is orange. What does the network take for a hand?
#
# </details>
#
# And your own hand? If you gave the course a photo of your hand in lesson 00, you see this photo beside the four hands
# of section 1. (If not, a test person's hand stands in its place.)

# %%
photos = [hs.my_hand.load(split.test[-1].read()[0]), *(sample.read()[0] for sample in four)]
masked = [hs.plots.overlay(photo, predictor.mask(photo)) for photo in photos]
titles = ["your own", *(f"person {sample.person}" for sample in four)]
hs.plots.images(masked, titles, alt="Your hand and the four of the course, with the network's masks.", columns=5)

# %% [markdown]
# Your photo has no true mask. So it has no IoU, and you cannot sort it among the others. You have to look. Go round the
# outline once, and ask three questions:
#
# - **What is missing?** Look at the fingertips, and at the side that lies in shadow.
# - **What is too much?** Look at sleeves, faces, wood, and the gaps between fingers.
# - **Where does the mask end?** In the masks of the course, the bare skin of the arm belongs to the hand (lesson 00),
#   and a sleeve does not.

# %% [markdown]
# ## 4. What kind of error?
#
# A few photos are only examples. To say what goes wrong in all test photos, sort every wrong pixel by two questions.
#
# **Missed or false?** Missed hand is skin that the network did not find. False hand is something else that the network
# called hand.
#
# **Near the outline or far from it?** Near the outline, people who make masks disagree, too. On HGR1, one pixel more
# all round already costs {{audit.one_pixel:.3f}} in F1. If wrong pixels are far from the outline, a whole piece is
# wrong: either the network made a mistake, or a part is missing in the true mask. To find out which, you have to look.
# Here, "near" means within one hundredth of the photo's longer side.

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
# Now count the errors in all test photos. To compare persons, divide by the area of their hands.

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
# The bars tell you what to do.
#
# - Much **missed near** and **false near**, the two colours in the middle: the outline is a little off. Train at a
#   larger size, or find out how exact the masks are. (The masks are not exact, so no network can bring these errors to
#   zero.)
# - Much **false far**: whole things are called hand. Go back to the photos. Are the true masks right? Is the thing
#   always of the same kind, such as a sleeve, a wall or wood? Then add photos of hands *with* this kind of thing to the
#   training.
# - Much **missed far**: parts of hands are not found, for example in a shadow, or in a tone of skin that was rare in
#   the training. If most of these errors belong to one person, take them seriously: the network works worse for that
#   person.

# %% [markdown]
# ## 5. The threshold
#
# So far all masks were cut at one [threshold](../docs/glossary.md#threshold). With a lower threshold, fewer hand pixels
# would be missed, and more background would be called hand. To try other thresholds, you need to compute the
# probabilities only once:

# %%
thresholds = np.arange(0.05, 1, 0.05).round(2)
image, true = worst[0].read()
probability = predictor(image)
print("threshold", *[f"{threshold:.2f}" for threshold in thresholds])
print("IoU      ", *[f"{hs.metrics.iou(true, probability >= threshold):.2f}" for threshold in thresholds])

# %% [markdown]
# Which threshold is best for this photo? On the stored page, many thresholds are equally good. On another photo, the
# best threshold may be far from 0.5. For example, if a sleeve looks like skin, you may need a very high threshold to
# get the sleeve out of the mask. But do not choose the threshold for all photos by looking at one.

# %% [markdown]
# ## 6. Exercise: the best threshold (core)
#
# Now choose one threshold for many photos. Write a function that takes a list of probabilities, a list of true masks
# and some thresholds. The photos may differ in size. If the probability of a pixel is at least the threshold (`>=`),
# the pixel is hand. The function returns the threshold with the highest mean IoU. The mean is taken over photos.


# %%
def best_threshold(hands, masks, thresholds):
    # <solution>
    scores = [np.mean([hs.metrics.iou(mask, hand >= t) for hand, mask in zip(hands, masks)]) for t in thresholds]
    return thresholds[np.argmax(scores)]
    # </solution>


# %%
hs.check.best_threshold(best_threshold)

# %% [markdown]
# ## 7. On whose photos to choose it
#
# On which people should you use this function? If you choose the threshold on the test persons, the score in your
# report becomes a little too high. This is so with every choice that you make on the test set. The validation persons
# are there for such choices. The library's function is `hs.tune_threshold`, which tries every hundredth. Here are the
# curves of both groups. Choose only by the curve of the validation persons.

# %%
chosen, val = hs.tune_threshold(predictor, split.val)
best_on_test, test = hs.tune_threshold(predictor, split.test)  # to look at; it decides nothing
at_chosen = test.iou[val.iou.argmax()]
print(f"chosen on the validation persons: {chosen}, where the test persons score {at_chosen:.4f}")
print(f"chosen on the test persons:       {best_on_test}, where they score {test.iou.max():.4f}")
assert test.iou.max() >= at_chosen

# %%
alt = (
    "Mean IoU against the threshold, for the validation persons and for the test persons; a line marks the one chosen."
)
fig, ax = hs.plots.figure(alt, width=7.0)
ax.plot(val.threshold, val.iou, color=hs.plots.BLUE, label="validation persons: choose here")
ax.plot(test.threshold, test.iou, "--", color=hs.plots.VERMILION, label="test persons: report, do not choose")
ax.axvline(chosen, color=hs.plots.GREY, label=f"chosen: {chosen}")
ax.set(xlabel="threshold", ylabel="mean IoU")
ax.legend(fontsize=8)
fig

# %% [markdown]
# The second printed threshold was chosen on the test persons. Among all thresholds, it has the highest score on these
# persons. So their score with this threshold cannot be lower than with the first, even if only chance makes it better.
# Do not report this higher score. Is the first score far below the second? Do not go back and take the second
# threshold. You have learned only that two validation persons are few to choose by.
#
# Look at the shape of the curves as well. Near the top, the two curves are hard to tell apart, because the axis begins
# far below them. So the next cell prints numbers. If the top is flat, the exact threshold matters little:

# %%
flat = val.threshold[val.iou > val.iou.max() - 0.005]
print(f"within 0.005 of the best on the validation persons: thresholds {flat.min():.2f} to {flat.max():.2f}")

# %% [markdown]
# So which threshold should you use in the end? A part of the gain over the usual 0.5 may be chance, also on the
# validation persons. The gain is different for different people. How much does each validation person gain?

# %%
at_best, at_half = (hs.evaluate(hs.Predictor(predictor.model, cut), split.val) for cut in (chosen, 0.5))
gains = at_best.by("person").iou - at_half.by("person").iou
gains.map("{:+.4f}".format).to_frame(f"IoU at {chosen}, over that at 0.5")

# %% [markdown]
# If one person gains and the other loses, you do not know whether the new threshold is better. If both persons gain,
# the new threshold may really be better. But remember that this threshold was chosen to suit these two persons. With
# it, their mean cannot be lower than with 0.5. With more persons, you would compute an interval for the mean gain
# (lesson 08). With two persons, the interval says nothing new: it reaches from the one number above to the other.
#
# So the course has a cautious rule: use 0.5, unless every validation person gains. This is only a habit, because two
# persons prove nothing. (You may also take the best threshold of the validation persons. If the top of the curve is
# flat, take the middle of the flat part, and not its highest point.) For the course's model, the rule gave this result
# on HGR1's two validation persons:
#
# | threshold | mean IoU | one person | the other person |
# |---|---|---|---|
# | 0.5 | {{card.threshold_choice.iou_at_half:.3f}} | | |
# | {{card.threshold_choice.best}}, the best | {{card.threshold_choice.iou_at_best:.3f}} | gains {{card.threshold_choice.high:.4f}} | loses {{-card.threshold_choice.low:.4f}} |
#
# One of the two persons loses. So the threshold of the course's model is {{card.threshold}}.
#
# <!-- holds: card.threshold == 0.5 and card.threshold_choice.low < 0 < card.threshold_choice.high -->
#
# On other pictures, such as drawn hands or your own photos, another threshold may be better. To find it, do the same
# with some photos that have masks, and that you do not use for your report.

# %% [markdown]
# ## 8. Does it notice when it is wrong?
#
# When you use the network, you have no true mask. Could the network itself warn you of an error? Ask the network twice.
# The mirror image of a hand is also a hand, so a mirrored photo should give the mirrored answer. Where the two answers
# differ, the network is not sure. (Papers call this *test-time augmentation*, TTA.)


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
# The two answers disagree in some places. Are the errors in the same places? Test this. In each photo, take the 5 % of
# the pixels with the largest disagreement. What share of the wrong pixels is among these pixels? By chance, the share
# would be 5 %. Compare this with a simpler way that needs no second look: take the 5 % of the pixels whose probability
# is nearest to one half. (You need not follow the code of the next two cells.)


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
# Compare both rows with chance, and with each other. The second look takes twice the time, so you might expect it to
# find more wrong pixels. Does it? Neither way finds the errors of which the network is **sure**. If the network takes a
# sleeve for skin, it does so in the mirror as well. You have a photo with such an error on your disk: a portrait that
# comes with matplotlib (lesson 08, section 17). There is no hand in the portrait. So where the network's answer is
# bright, it is wrong. Let the network look twice, in a new cell. Is the wrong part bright both times?
#
# ```python
# from matplotlib.cbook import get_sample_data
# image = hs.read_image(get_sample_data("grace_hopper.jpg"))
# hs.plots.images([image, predictor(image), second_look(image)], ["no hand", "first", "second"], alt="two looks")
# ```
#
# So far you compared pixels of one photo. Now compare photos: which of a thousand masks should a person check first?
# Put the photos in order twice, once by disagreement and once by IoU. The **rank correlation** (Spearman's) compares
# the two orders. If one order is the reverse of the other, the rank correlation is -1. If the two orders have nothing
# to do with each other, it is 0.

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
# On the stored page, the rank correlation is not far below 0. So the order by disagreement is hardly better than any
# other order. The two worst photos are not on the right side of the figure, where the disagreement is large. In these
# two photos the network was sure and wrong, about skin in deep shadow. A second look does not find such photos.
#
# If your rank correlation is well below 0, check the photos on the right first. On the 219 photos of HGR1's test
# persons, the rank correlation is {{-doubt.spearman:.2f}} ([results](../docs/results.md)). (For this number, the
# disagreement was measured in another way, as one minus the IoU of the two masks.)
#
# One question is left. You have two answers for each photo. Is the mean of the two answers better than the first answer
# alone?

# %%
print(f"mean IoU of the first look {report.table.iou.mean():.4f}, of both {looks['iou both looks'].mean():.4f}")

# %% [markdown]
# With so few photos, a difference of a few thousandths means nothing. So the course measured the gain in the [small
# test](../docs/glossary.md#small-test), on nine persons of HGR1 whom the networks had not seen. The mean of both looks
# has an IoU of {{ablation["two looks: the mean of photo and mirror image"].iou:.3f}}, and the first look alone has
# {{ablation["the recipe"].iou:.3f}}. The gain is small, and eight of the nine persons have it
# ([results](../docs/results.md)). A second look needs no training. `hs.Predictor(model, mirror=True)` looks twice, and
# takes twice the time. (If left and right matter, as in pictures of text, do not look twice.)
#
# <!-- holds: ablation["two looks: the mean of photo and mirror image"].worse_persons == 1 and ablation["two looks: the mean of photo and mirror image"].low > 0 -->

# %% [markdown]
# ## 9. Exercise: are its probabilities honest? (stretch)
#
# Suppose that the network gives many pixels a probability of 0.8. Are 8 of 10 of these pixels hand? If the same holds
# for every other probability, the network is called **calibrated**.
#
# Write a function that takes a list of probabilities, a list of true masks, and two bounds, `low` and `high`. There is
# one array of probabilities and one mask for each photo, and the photos may differ in size. Take all pixels, in all
# photos together, whose probability is at least `low` and less than `high`. The function returns the share of these
# pixels that is hand.


# %%
def share_of_hand(hands, masks, low, high):
    # <solution>
    inside = [mask[(hand >= low) & (hand < high)] for hand, mask in zip(hands, masks)]
    return np.concatenate(inside).mean()
    # </solution>


# %%
hs.check.share_of_hand(share_of_hand)

# %% [markdown]
# Once the check says "Right!", try your function in a new cell: `share_of_hand(hands, truth, 0.7, 0.8)`. For a
# calibrated network, the result is about 0.75. The figure shows such results for ten pairs of bounds.

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

# %%
for number in (0, 5, 9):
    print(f"where it says about {said[number]:.2f}, the share of hand is {share[number]:.2f}")
lowest, highest = min(hand.min() for hand in hands), max(hand.max() for hand in hands)
print(f"its smallest answer is {lowest:.3f}, its largest {highest:.3f}")

# %% [markdown]
# Such a figure is called a **reliability diagram**. Where the curve is above the diagonal, more of the pixels are hand
# than the network says. Where the curve is below the diagonal, fewer are. (Papers report the *expected calibration
# error*. It is the mean distance between curve and diagonal. Every pixel counts the same in this mean.)
#
# Read the two ends first. On the stored page, both ends are nearly honest: pixels with almost 0 are not hand, and
# pixels with almost 1 are hand. Suppose that a network says 0.07 where no pixel is hand, and 0.96 where all pixels are
# hand. Such a network is too **cautious**, which is usual after a short training.
#
# Then read the middle. On the stored page, the curve lies above the diagonal on the right of 0.5: more of these pixels
# are hand than the network says. Find the place where the curve is 0.5 high. There, half of the pixels are hand. From
# this place, go straight down to the axis, and read the probability. Is the probability less than 0.5? Then a lower
# threshold may give better masks of these photos. Compare this with section 7: which threshold was best for the
# validation persons?
#
# <details>
# <summary>What to do about a network that is too cautious, or too sure</summary>
#
# A network that is trained for long is more often too **sure** ([a paper of 2017](https://arxiv.org/abs/1706.04599)).
# If a network is too cautious or too sure, the usual remedy is *temperature scaling*. The number before the sigmoid is
# divided by another number, the temperature, which is chosen on the validation persons. This helps if the network is
# too cautious at both ends, or too sure at both ends. If the curve lies above the diagonal everywhere, or below it
# everywhere, a temperature does not help. On the stored page, the curve is off on one side only, so a temperature would
# help little.
#
# </details>
#
# But remember how few pixels lie between the two ends:

# %%
doubtful = everything[1:-1].sum() / everything.sum()
print(f"{doubtful:.1%} of all pixels have a probability between 0.1 and 0.9")
assert doubtful < 0.2

# %% [markdown]
# ## 10. Move the slider
#
# Here are the six worst photos, with a slider for the threshold. (You know three of them from section 3.) For which
# photos is another threshold better? For which photos does no threshold help? Write a note on each photo, and download
# the list of notes. This list tells you what to change before your next training.

# %%
hs.explore.explore(predictor, worst)

# %% [markdown]
# The slider needs a running notebook. On a page that does not run, here is the worst photo at a high threshold:

# %%
hs.explore.draw_threshold(worst[0], predictor(worst[0].read()[0]), 0.9)

# %% [markdown]
# `hs.explore.try_photo(predictor)` takes a photo of yours, from a file or from the camera. It shows where the network
# finds a hand. You can download the mask, and the hand without its background. All sliders of the course are together
# in [Sliders](sliders.ipynb).

# %% [markdown]
# If you have trained a network of your own in lesson 06, you can switch to it here. Your network has the same layers as
# the course's, but it has learned for minutes only, from smaller photos. Where is your network as good as the course's,
# and where is it not?

# %%
hs.explore.try_photo(predictor, hs.my_network.load())

# %% [markdown]
# How does the network recognise a hand? Try to fool the network. Choose a brush, and paint on the photo: the colour of
# skin on the wall, a shadow across the hand, a ring, a scribble. After each stroke you see the new mask. Which paint
# does the network take for hand? And which part of the hand does it lose?

# %%
hs.explore.fool(predictor, hs.my_hand.load(samples[0].read()[0]))

# %% [markdown]
# ## 11. A file for a model
#
# (This section is about files, and not about predictions. You can read it when you first save a network.)
#
# A trained model has cost hours, so you save it in a file. Test the saving before you need it: save a network
# **before** you train it, while nothing can be lost, and load it in a **new** process.
#
# Why a new process? A model's file holds the *names* of the loss and the metrics, but not their code. If your loss is a
# function of your own, a new notebook does not have this function, and loading fails. There are two remedies:
#
# - If you only want predictions, you do not need the loss: `load_model(path, compile=False)`.
# - If you want to train further, **register** the function. Then Keras finds the function by its name in every program
#   that imports your module.
#
# Try three cases with a network of one layer: load it as it is, load it with `compile=False`, and load it with a
# registered loss. (For this experiment one process is enough, because Keras does not look into the notebook for your
# function.)


# %%
import tempfile
from pathlib import Path

import keras

store = tempfile.TemporaryDirectory()  # gone when the notebook ends


def my_loss(true, pred):
    both, total = keras.ops.sum(true * pred), keras.ops.sum(true) + keras.ops.sum(pred)
    return 1 - 2 * both / total


def save_and_load(loss, **options):
    path = Path(store.name) / "tiny.keras"
    tiny = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(1, 1, activation="sigmoid")])
    tiny.compile("sgd", loss=loss)
    tiny.save(path)
    try:
        return f"loads, with {keras.models.load_model(path, **options).count_params()} parameters"
    except (TypeError, ValueError) as error:
        return f"{type(error).__name__}: {str(error).split('If they are')[0]}"


# %%
print("as it is:     ", save_and_load(my_loss))
print("compile=False:", save_and_load(my_loss, compile=False))
registered = keras.saving.register_keras_serializable("my_project")(my_loss)  # mostly written as @... above the def
print("registered:   ", save_and_load(registered))
assert save_and_load(registered).startswith("loads")

# %% [markdown]
# The library's losses and layers are registered, and `hs.load_predictor(path)` loads a file of yours without the loss.
# (In PyTorch, save `model.state_dict()`, and with it the arguments that built the model.) A model file can contain
# code, so do not load the model files of people whom you do not trust. (Keras refuses most such code by default. In
# PyTorch, write `weights_only=True`.)
#
# <details>
# <summary>As published: model.h5</summary>
#
# The article saves its model as `model.h5`, an older format of Keras. It loads the file in the same notebook, with
# `custom_objects`. There the loss is still defined. In a new notebook, the file does not open. The error message is
# "string indices must be integers". It does not say that a loss is missing.
#
# </details>

# %% [markdown]
# ## 12. What you learned
#
# - A mean hides the bad photos. Look at each person, and at the worst photos first.
# - Sort the errors: missed or false, near the outline or far from it. Each kind of error has a remedy of its own.
# - Choose the threshold on persons whose scores you do not report. The course's rule: use another threshold than 0.5
#   only if every validation person gains.
# - Probabilities near one half, or a second look, show where a network is unsure. They do not show where it is sure and
#   wrong.
# - If a network is calibrated, 8 of 10 pixels with a probability of 0.8 are hand. You can count this.
# - Save a network and load it again before you train it. Load it in a new process. Register your own functions. If you
#   only predict, use `compile=False`.

# %% [markdown]
# ## 13. Quiz

# %%
hs.quiz("07")

# %% [markdown]
# ## 14. Next
#
# You now know what to ask about a prediction. One question is left: what do the scores of three persons say about a
# fourth person? In [08 Unseen people](08_unseen_people.ipynb), every person is left out of the training once.
