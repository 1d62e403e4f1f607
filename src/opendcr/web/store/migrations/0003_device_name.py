from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("store", "0002_append_only")]

    operations = [
        migrations.AddField(
            model_name="device",
            name="name",
            field=models.CharField(default="", max_length=64),
        ),
    ]
