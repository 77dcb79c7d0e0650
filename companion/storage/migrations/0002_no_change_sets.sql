-- What changes did, and what was there before, is in the journal; nothing was ever written to these tables.
DROP TABLE pre_images;
DROP TABLE change_sets;
