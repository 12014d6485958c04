"""What the Oxford-IIIT Pet dataset is: its classes.

Parkhi, Vedaldi, Zisserman and Jawahar, "Cats and Dogs", CVPR 2012. CC BY-SA 4.0.
"""

# Class indices as the article numbers them; the dataset's trimaps store each one higher.
PET, BACKGROUND, BORDER = 0, 1, 2
CLASS_NAMES = ("pet", "background", "border")
