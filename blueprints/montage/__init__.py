"""A blueprint: a mosaic of the sky in three bands from overlapping images, in the shape of the Montage workflow."""
