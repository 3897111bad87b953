"""DecoupledNet (Hong, Noh, Han, NIPS 2015) in PyTorch, built from a description of this project's models.

What every peer is made from, and the peers `eager` and `compiled` themselves. Layers have the names of the model files.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import pictures


class Network(nn.Module):
    """The classification network, bridging layers and segmentation network of a description (a dict).

    Without a seed the weights are not drawn.
    """

    def __init__(self, description, seed=1):
        super().__init__()
        self.description = description
        channels = description["stage_channels"]
        kernel, width, narrow = (description[k] for k in ("fc6_kernel", "fc_width", "segmentation_fc_width"))
        self.size = description["input_size"]
        self.classes = description["classes"]
        self.stages = len(channels)
        self.score_size = (self.size >> self.stages) - kernel + 1
        #: names of the convolutions of each stage, finest first
        self.encoder = []
        last = 3
        for stage, (out, count) in enumerate(zip(channels, description["stage_convolutions"]), 1):
            names = [f"conv{stage}_{number + 1}" for number in range(count)]
            for name in names:
                self.add_module(name, nn.Conv2d(last, out, 3, padding=1))
                last = out
            self.encoder.append(names)
        self.fc6 = nn.Conv2d(last, width, kernel)
        self.fc7 = nn.Conv2d(width, width, 1)
        self.cls_score = nn.Conv2d(width, self.classes, 1)

        def normalization(count):
            return nn.BatchNorm2d(count, eps=description["batch_normalization_epsilon"])

        self.pool_bn_name, self.bp_bn_name = f"pool{self.stages}_bn", f"pool{self.stages}_bp_bn"
        self.add_module(self.pool_bn_name, normalization(last))
        self.add_module(self.bp_bn_name, normalization(last))
        self.fc6_seg, self.bnfc6_seg = nn.Conv2d(2 * last, narrow, kernel), normalization(narrow)
        self.fc7_seg, self.bnfc7_seg = nn.Conv2d(narrow, narrow, 1), normalization(narrow)
        self.fc6_deconv, self.fc6_deconv_bn = nn.ConvTranspose2d(narrow, last, kernel), normalization(last)
        #: (transposed convolution, normalisation) of each stage, coarsest first
        self.decoder = []
        for stage in range(self.stages, 0, -1):
            pairs = []
            count = description["decoder_convolutions"][stage - 1]
            for number in range(1, count + 1):
                out = channels[stage - 2] if number == count and stage > 1 else channels[stage - 1]
                pair = (f"deconv{stage}_{number}", f"debn{stage}_{number}")
                self.add_module(pair[0], nn.ConvTranspose2d(last, out, 3, padding=1))
                self.add_module(pair[1], normalization(out))
                pairs.append(pair)
                last = out
            self.decoder.append((stage, pairs))
        self.seg_score = nn.Conv2d(last, 2, 1)
        if seed is not None:
            self.draw(seed)

    @torch.no_grad()
    def draw(self, seed):
        """He-scaled weights, so that values keep their scale through the network."""
        generator = torch.Generator().manual_seed(seed)
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
                transposed = isinstance(module, nn.ConvTranspose2d)
                fan_in = module.weight[:, 0].numel() if transposed else module.weight[0].numel()
                module.weight.normal_(0, math.sqrt(2 / fan_in), generator=generator)
                module.bias.normal_(0, 0.05, generator=generator)

    def parameters_of(self, phase):
        """(name, parameter) of what a phase trains."""
        first = {name for names in self.encoder for name in names} | {"fc6", "fc7", "cls_score"}
        return [(n, p) for n, p in self.named_parameters() if (n.split(".")[0] in first) == (phase == "classification")]

    def trunk(self, x):
        """Image [N,3,S,S] -> last pool, fc6, fc7 [N,C,n,n], score map [N,L,n,n], switches (finest first)."""
        switches = []
        for names in self.encoder:
            for name in names:
                x = F.relu(getattr(self, name)(x))
            x, switch = F.max_pool2d(x, 2, 2, return_indices=True)
            switches.append(switch)
        fc6 = F.relu(self.fc6(x))
        fc7 = F.relu(self.fc7(fc6))
        return x, fc6, fc7, self.cls_score(fc7), switches

    def saliency(self, seeds, fc6, fc7):
        """Un-pooled seeds [R,L,n,n] -> gradient of the scores with respect to the last pool."""
        x = F.conv_transpose2d(seeds, self.cls_score.weight) * (fc7 > 0)
        x = F.conv_transpose2d(x, self.fc7.weight) * (fc6 > 0)
        return F.conv_transpose2d(x, self.fc6.weight)

    def segment(self, pool, saliency, switches):
        """Bridging layers and segmentation network -> scores [R,2,S,S]."""
        x = torch.cat((getattr(self, self.pool_bn_name)(pool), getattr(self, self.bp_bn_name)(saliency)), 1)
        x = F.relu(self.bnfc6_seg(self.fc6_seg(x)))
        x = F.relu(self.bnfc7_seg(self.fc7_seg(x)))
        x = F.relu(self.fc6_deconv_bn(self.fc6_deconv(x)))
        for stage, pairs in self.decoder:
            x = F.max_unpool2d(x, switches[stage - 1], 2, 2)
            for convolution, normalization in pairs:
                x = F.relu(getattr(self, normalization)(getattr(self, convolution)(x)))
        return self.seg_score(x)

    def label_pass(self, seeds, pool, fc6, fc7, switches):
        """One label pass: un-pooled seeds -> probabilities [1,2,S,S]."""
        return torch.softmax(self.segment(pool, self.saliency(seeds, fc6, fc7), switches), 1)

    def unpooled(self, values, score_map):
        """Seeds [N,L] at the places that the description's saliency says, [N,L,n,n]; `score_map` as from `trunk`."""
        count, cells = values.shape[0], self.score_size ** 2
        if self.description["saliency"]["placement"] == "average":
            return (values / cells)[:, :, None].expand(-1, -1, cells).reshape(count, -1, *score_map.shape[2:]).contiguous()
        place = score_map.flatten(2).argmax(2, keepdim=True).expand(count, -1, 1)
        zeros = torch.zeros(count, self.classes, cells)
        return zeros.scatter(2, place, values[:, :, None]).view(count, -1, *score_map.shape[2:])

    def classification_loss(self, x, labels):
        """Sigmoid cross-entropy summed over the classes, mean over the batch."""
        logits = self.trunk(x)[3].mean((2, 3))
        return F.binary_cross_entropy_with_logits(logits, labels, reduction="sum") / x.shape[0]

    def segmentation_loss(self, x, labels, mask):
        """Softmax cross-entropy of the pixels; the classification network is fixed, seeds come from the max head."""
        with torch.no_grad():
            pool, fc6, fc7, score_map, switches = self.trunk(x)
            values = torch.sigmoid(score_map.amax((2, 3))) if self.description["saliency"]["seed"] == "score" else 1.0
            saliency = self.saliency(self.unpooled(values * labels, score_map), fc6, fc7)
        return F.cross_entropy(self.segment(pool, saliency, switches), mask, ignore_index=255)

    @torch.no_grad()
    def calibrate(self, batches):
        """Statistics of the normalisations from (images, labels) batches, averaged."""
        normalizations = [m for m in self.modules() if isinstance(m, nn.BatchNorm2d)]
        for module in normalizations:
            module.reset_running_stats()
            module.momentum = None
            module.train()
        for x, labels in batches:
            self.segmentation_loss(x, labels, torch.zeros(x.shape[0], self.size, self.size, dtype=torch.long))
        for module in normalizations:
            module.momentum = 0.1
            module.eval()

    @torch.no_grad()
    def identify(self, first, second, counts):
        """Sets the biases of the class scores so that image `first` shows counts[0] classes, `second` counts[1] > counts[0].

        Returns the least distance of a logit from 0.
        """
        a, b = (self.trunk(x)[3].mean((2, 3))[0] for x in (first, second))
        grows = (b - a).argsort(descending=True).tolist()
        shift = -torch.maximum(a, b) - 0.5
        for position, index in enumerate(grows[:counts[1]]):
            shift[index] = -torch.minimum(a, b)[index] + 0.5 if position < counts[0] else -(a + b)[index] / 2
        self.cls_score.bias += shift
        return float(torch.stack((a + shift, b + shift)).abs().min())


def network_input(image, description):
    """[1,3,S,S] as the model wants it."""
    return torch.from_numpy(pictures.network_input(image, description))
