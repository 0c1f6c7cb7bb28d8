"""What the trainer reads, apart from a paper's own numbers: how long, how fast, in which batches."""

from dataclasses import dataclass

from workers.contract import bounds

EPOCHS = ("frozen_epochs", "epochs", "settling_epochs")  # the settings that say how long


@dataclass(frozen=True)
class Training:
    """How a method is trained unless the user says otherwise; each file of workers/methods declares its own.

    batch          photos a step, of all workers together
    epochs         of the stages in which everything learns
    frozen_epochs  of the stages before them in which most of the network is frozen
    settling_epochs  of the stage after them, in which the head alone learns behind the network that has learnt, from
                   whole photos; None: none, and no setting
    frozen_depths  so many of the network's first depths stay as they begin, in every stage; None: none, and no
                   setting
    optimiser      sgd | adamw | muon, see workers/training/steps/optimiser.py; a method's groups may name others
    learning_rate  of the first step at full rate
    momentum       of sgd
    weight_decay   not on parameters of fewer than 2 dimensions
    schedule       plateau | cosine, see workers/training/steps/schedule.py
    ema            decay of the averaged weights, which are then the ones validated, kept and saved; 0: none
    seed           of the first weights, the batches and everything that is drawn
    photo_size     px of the photos that `augment` is given, where crops are cut from larger ones; None: those of
                   embedding, and no setting of the method
    typical        share of a word's typical score that is taken off when words compete to name a photo, see
                   workers/training/words/logit_adjustment.py; None: nothing, and no setting of the method
    layer_decay    rate of each depth of the network as a share of that of the depth above it, where the head is above
                   all (Bao et al., ICLR 2022); 1: one rate; None: one rate, and no setting of the method
    wise_ft        share of its first weights that the network goes back to when it has learnt (Wortsman et al., CVPR
                   2022, equation 1, whose alpha is 1 less this); 0: nothing; None: nothing, and no setting
    Zero epochs of every kind keep the first weights.
    """

    batch: bounds.Batch = 64
    epochs: bounds.Epochs = 20
    frozen_epochs: bounds.Epochs = 0
    settling_epochs: bounds.Epochs | None = None
    frozen_depths: bounds.CountOrNone | None = None
    optimiser: bounds.Optimiser = "adamw"
    learning_rate: bounds.Rate = 1e-3
    momentum: bounds.Decay = 0.0
    weight_decay: bounds.Weight = 0.0
    schedule: bounds.Schedule = "cosine"
    ema: bounds.Decay = 0.0
    seed: bounds.Seed = 0
    photo_size: bounds.ImageSize | None = None
    typical: bounds.Share | None = None
    layer_decay: bounds.Part | None = None
    wise_ft: bounds.Share | None = None

    @property
    def every_epoch(self) -> int:
        """Epochs of all kinds together."""
        return sum(getattr(self, name) or 0 for name in EPOCHS)
