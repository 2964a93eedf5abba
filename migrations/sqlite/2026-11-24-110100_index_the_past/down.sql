DROP INDEX application_spans_suspended;
DROP INDEX known_applications_deleted;
DROP INDEX grant_spans_by_end;
