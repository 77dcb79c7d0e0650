mod connector; mod converse; mod frames; mod speech;
