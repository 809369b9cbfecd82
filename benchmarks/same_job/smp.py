"""The same job with segmentation_models.pytorch."""

from pathlib import Path

import segmentation_models_pytorch as smp
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision import tv_tensors
from torchvision.transforms import v2

RESIZE = v2.Resize((224, 224))
AUGMENT = v2.Compose(
    [v2.RandomAffine(20, (0.1, 0.1), (0.8, 1.2)), v2.RandomHorizontalFlip(), v2.ColorJitter(0.1, 0.25)]
)


class Hands(Dataset):
    def __init__(self, persons, augment=False):
        self.paths = [path for path in sorted(Path("photos").iterdir()) if path.name[:2] in persons]
        self.augment = augment

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, k):
        image = tv_tensors.Image(Image.open(self.paths[k]))
        mask = tv_tensors.Mask(Image.open(f"masks/{self.paths[k].stem}.png"))
        image, mask = RESIZE(image, mask)
        image, mask = AUGMENT(image, mask) if self.augment else (image, mask)
        return image / 255, (mask > 127).float()


def epoch(model, loader, optimizer=None):
    dice, bce = smp.losses.DiceLoss("binary"), torch.nn.BCEWithLogitsLoss()
    mean, std = torch.tensor([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]]).view(2, 3, 1, 1)
    counts = []
    for images, masks in loader:
        logits = model((images - mean) / std)
        if optimizer:
            optimizer.zero_grad()
            (dice(logits, masks) + bce(logits, masks)).backward()
            optimizer.step()
        counts.append(smp.metrics.get_stats((logits > 0).long(), masks.long(), mode="binary"))
    return smp.metrics.iou_score(*map(torch.cat, zip(*counts)), reduction="micro-imagewise").item()


if __name__ == "__main__":
    model = smp.Unet("resnet50", encoder_weights=None)  # who has a network says "imagenet"
    train = DataLoader(
        Hands([f"{person:02}" for person in range(1, 11)], augment=True), 16, shuffle=True, num_workers=1
    )
    val, test = DataLoader(Hands(["11"]), 16), DataLoader(Hands(["12"]), 16)
    optimizer = torch.optim.Adam(model.parameters(), 3e-4)
    for _ in range(2):
        model.train()
        epoch(model, train, optimizer)
        model.eval()
        with torch.no_grad():
            print("validation IoU", epoch(model, val))
    with torch.no_grad():
        print("test IoU", epoch(model, test))
