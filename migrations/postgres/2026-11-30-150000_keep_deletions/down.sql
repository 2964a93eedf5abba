DROP TABLE deleted_applications;
