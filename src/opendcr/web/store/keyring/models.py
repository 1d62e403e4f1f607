from django.db import models


class WrappedKey(models.Model):
    """The key of one owner's texts, under the master key. Deleting it erases the texts."""

    owner = models.CharField(primary_key=True, max_length=64)
    wrapped = models.BinaryField()
    made = models.DateTimeField()
