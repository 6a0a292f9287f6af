PRAGMA application_id = 1262700354;
PRAGMA user_version = 3;
BEGIN TRANSACTION;
CREATE TABLE adjustments (
            number INTEGER PRIMARY KEY,
            submission TEXT NOT NULL,
            check_id TEXT NOT NULL,      -- '' for the total
            points REAL NOT NULL,
            reason TEXT NOT NULL,
            made_by TEXT NOT NULL,
            made_at TEXT NOT NULL,
            withdrawn_at TEXT NOT NULL   -- '' while it stands
        , comment TEXT NOT NULL DEFAULT '') STRICT
        ;
INSERT INTO "adjustments" VALUES(1,'ada','setup/loads',-0.5,'Handed in by mail.','Emmy','2026-06-02T13:00:00Z','','');
INSERT INTO "adjustments" VALUES(2,'ada','',3.0,'A mistake.','Emmy','2026-06-02T14:00:00Z','2026-06-03T08:00:00Z','');
INSERT INTO "adjustments" VALUES(3,'ada','',0.0,'Clear code.','Emmy','2026-06-04T14:00:00Z','','nice');
CREATE TABLE artefacts (
            number INTEGER PRIMARY KEY,
            attempt INTEGER NOT NULL REFERENCES attempts (number),
            check_id TEXT NOT NULL,      -- '' for the submission as a whole
            name TEXT NOT NULL,
            media_type TEXT NOT NULL,
            data BLOB NOT NULL
        ) STRICT
        ;
INSERT INTO "artefacts" VALUES(1,2,'','source','text/plain',X'78203D20310A');
CREATE TABLE attempts (
            number INTEGER PRIMARY KEY,
            submission TEXT NOT NULL,
            path TEXT NOT NULL,
            kind TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            graded_at TEXT NOT NULL,
            submitted_at TEXT NOT NULL,
            course TEXT NOT NULL,
            calibration TEXT NOT NULL,
            profile TEXT NOT NULL,
            tasks TEXT NOT NULL,         -- '2,3'; '' for all
            breadth INTEGER NOT NULL,    -- how much was asked for: see grader.gradebook.store
            isolation TEXT NOT NULL,
            grader TEXT NOT NULL,
            status TEXT NOT NULL CHECK (status IN ('graded', 'infrastructure_error')),
            score REAL NOT NULL,
            max_score REAL NOT NULL,
            seconds REAL NOT NULL,
            problem TEXT NOT NULL,
            result TEXT NOT NULL         -- the whole result, as in results.json
        ) STRICT
        ;
INSERT INTO "attempts" VALUES(1,'ada','class/ada.py','py','0000000000000000000000000000000000000000000000000000000000000000','2026-06-01T12:00:00Z','2026-06-01T09:00:00Z','cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc','','quick','',1,'namespaces','0.1.0','graded',2.0,5.0,1.5,'','{"submission":{"id":"ada","path":"class/ada.py","sha256":"0000000000000000000000000000000000000000000000000000000000000000","kind":"py"},"status":"graded","score":2.0,"max_score":5,"seconds":1.5,"checks":[{"id":"setup/loads","task":1,"function":"","status":"failed","points":0.0,"max_points":2,"message":"It should be 1, but it is 2.","hint":"Look at line 3.","example":"f()","seconds":0.2},{"id":"setup/trains-nothing","task":1,"function":"","status":"failed","points":0.0,"max_points":1,"message":"It should be 1, but it is 2.","hint":"Look.","example":"f()","seconds":0.2},{"id":"setup/functions-and-parameters","task":1,"function":"","status":"passed","points":2,"max_points":2,"message":"","hint":"","example":"","seconds":0.1}],"problem":""}');
INSERT INTO "attempts" VALUES(2,'ada','class/ada.py','py','0000000000000000000000000000000000000000000000000000000000000000','2026-06-02T12:00:00Z','2026-06-01T18:00:00Z','cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc','','quick','',1,'namespaces','0.1.0','graded',5.0,5.0,1.5,'','{"submission":{"id":"ada","path":"class/ada.py","sha256":"0000000000000000000000000000000000000000000000000000000000000000","kind":"py"},"status":"graded","score":5,"max_score":5,"seconds":1.5,"checks":[{"id":"setup/loads","task":1,"function":"","status":"passed","points":2,"max_points":2,"message":"","hint":"","example":"","seconds":0.1},{"id":"setup/trains-nothing","task":1,"function":"","status":"passed","points":1,"max_points":1,"message":"","hint":"","example":"","seconds":0.1},{"id":"setup/functions-and-parameters","task":1,"function":"","status":"passed","points":2,"max_points":2,"message":"","hint":"","example":"","seconds":0.1}],"problem":""}');
INSERT INTO "attempts" VALUES(3,'grace','class/grace.py','py','0000000000000000000000000000000000000000000000000000000000000000','2026-06-02T12:00:05Z','','cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc','','quick','',1,'namespaces','0.1.0','infrastructure_error',5.0,5.0,1.5,'the sandbox does not start','{"submission":{"id":"grace","path":"class/grace.py","sha256":"0000000000000000000000000000000000000000000000000000000000000000","kind":"py"},"status":"infrastructure_error","score":5,"max_score":5,"seconds":1.5,"checks":[{"id":"setup/loads","task":1,"function":"","status":"passed","points":2,"max_points":2,"message":"","hint":"","example":"","seconds":0.1},{"id":"setup/trains-nothing","task":1,"function":"","status":"passed","points":1,"max_points":1,"message":"","hint":"","example":"","seconds":0.1},{"id":"setup/functions-and-parameters","task":1,"function":"","status":"passed","points":2,"max_points":2,"message":"","hint":"","example":"","seconds":0.1}],"problem":"the sandbox does not start"}');
CREATE TABLE checks (
            attempt INTEGER NOT NULL REFERENCES attempts (number),
            id TEXT NOT NULL,
            task INTEGER NOT NULL,
            status TEXT NOT NULL,
            points REAL NOT NULL,
            max_points REAL NOT NULL,
            message TEXT NOT NULL,
            seconds REAL NOT NULL,
            PRIMARY KEY (attempt, id)
        ) STRICT, WITHOUT ROWID
        ;
INSERT INTO "checks" VALUES(1,'setup/functions-and-parameters',1,'passed',2.0,2.0,'',0.1);
INSERT INTO "checks" VALUES(1,'setup/loads',1,'failed',0.0,2.0,'It should be 1, but it is 2.',0.2);
INSERT INTO "checks" VALUES(1,'setup/trains-nothing',1,'failed',0.0,1.0,'It should be 1, but it is 2.',0.2);
INSERT INTO "checks" VALUES(2,'setup/functions-and-parameters',1,'passed',2.0,2.0,'',0.1);
INSERT INTO "checks" VALUES(2,'setup/loads',1,'passed',2.0,2.0,'',0.1);
INSERT INTO "checks" VALUES(2,'setup/trains-nothing',1,'passed',1.0,1.0,'',0.1);
INSERT INTO "checks" VALUES(3,'setup/functions-and-parameters',1,'passed',2.0,2.0,'',0.1);
INSERT INTO "checks" VALUES(3,'setup/loads',1,'passed',2.0,2.0,'',0.1);
INSERT INTO "checks" VALUES(3,'setup/trains-nothing',1,'passed',1.0,1.0,'',0.1);
CREATE TABLE comments (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL,
            text TEXT NOT NULL,
            points REAL NOT NULL,
            check_id TEXT NOT NULL,      -- '' for the total
            reason TEXT NOT NULL,
            made_by TEXT NOT NULL,
            made_at TEXT NOT NULL
        ) STRICT
        ;
INSERT INTO "comments" VALUES(1,'nice','Clear code.',1.0,'','A first library.','Emmy','2026-06-04T12:00:00Z');
INSERT INTO "comments" VALUES(2,'nice','Clear code.',0.0,'','Praise is free.','Emmy','2026-06-04T13:00:00Z');
CREATE TABLE decisions (
            number INTEGER PRIMARY KEY,
            student TEXT NOT NULL,
            kind TEXT NOT NULL,          -- see grader.gradebook.records.Decision
            value TEXT NOT NULL,
            reason TEXT NOT NULL,
            made_by TEXT NOT NULL,
            made_at TEXT NOT NULL,
            undoes INTEGER REFERENCES decisions (number)
        ) STRICT
        ;
INSERT INTO "decisions" VALUES(1,'ada','extension','2026-06-05T22:00:00Z','Ill.','Emmy','2026-06-04T08:00:00Z',NULL);
INSERT INTO "decisions" VALUES(2,'grace','excuse','','A mistake.','Emmy','2026-06-04T09:00:00Z',NULL);
INSERT INTO "decisions" VALUES(3,'grace','excuse','','It was another student.','Emmy','2026-06-04T10:00:00Z',2);
INSERT INTO "decisions" VALUES(4,'ben','group','team1','Loaded from groups.csv.','Emmy','2026-06-04T11:00:00Z',NULL);
INSERT INTO "decisions" VALUES(5,'cleo','group','team1','Loaded from groups.csv.','Emmy','2026-06-04T11:00:00Z',NULL);
CREATE TABLE measurements (
            number INTEGER PRIMARY KEY,
            submission TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            device TEXT NOT NULL,
            backend TEXT NOT NULL,
            machine TEXT NOT NULL,       -- grader.speed.records.Machine.id
            measured_at TEXT NOT NULL,
            status TEXT NOT NULL,
            measurement TEXT NOT NULL    -- the whole record, with every sample
        ) STRICT
        ;
INSERT INTO "measurements" VALUES(1,'ada','0000000000000000000000000000000000000000000000000000000000000000','cpu','tensorflow','886e7f7e0d05','2026-06-01T12:00:00Z','measured','{"submission":"ada","sha256":"0000000000000000000000000000000000000000000000000000000000000000","device":"cpu","machine":{"cpu":"AMD EPYC 7B13","cores":2,"threads":2,"gpu":"","backend":"tensorflow","versions":{"keras":"3.15.0","numpy":"2.3.0","python":"3.11.9"},"isolation":"namespaces"},"budget":{"dataset":"cifar10","train_images":3200,"validation_images":800,"batch_size":16,"epochs":4},"status":"measured","problem":"","rounds":[{"seed":0,"cold_seconds":6.0,"call_seconds":13.5,"epochs":[{"train_seconds":3.0,"validation_seconds":0.15,"callback_seconds":0.015,"steps":200,"val_accuracy":0.48},{"train_seconds":1.5,"validation_seconds":0.15,"callback_seconds":0.015,"steps":200,"val_accuracy":0.6400000000000001},{"train_seconds":1.5,"validation_seconds":0.15,"callback_seconds":0.015,"steps":200,"val_accuracy":0.6933333333333334},{"train_seconds":1.5,"validation_seconds":0.15,"callback_seconds":0.015,"steps":200,"val_accuracy":0.7200000000000001}],"accuracy":0.8,"moved":true,"host_mb":900.0,"device_mb":null},{"seed":1,"cold_seconds":5.0,"call_seconds":11.25,"epochs":[{"train_seconds":2.5,"validation_seconds":0.125,"callback_seconds":0.0125,"steps":200,"val_accuracy":0.48},{"train_seconds":1.25,"validation_seconds":0.125,"callback_seconds":0.0125,"steps":200,"val_accuracy":0.6400000000000001},{"train_seconds":1.25,"validation_seconds":0.125,"callback_seconds":0.0125,"steps":200,"val_accuracy":0.6933333333333334},{"train_seconds":1.25,"validation_seconds":0.125,"callback_seconds":0.0125,"steps":200,"val_accuracy":0.7200000000000001}],"accuracy":0.8,"moved":true,"host_mb":900.0,"device_mb":null}],"reference":[{"seed":0,"cold_seconds":4,"call_seconds":9,"epochs":[{"train_seconds":2,"validation_seconds":0.1,"callback_seconds":0.01,"steps":200,"val_accuracy":0.48},{"train_seconds":1,"validation_seconds":0.1,"callback_seconds":0.01,"steps":200,"val_accuracy":0.6400000000000001},{"train_seconds":1,"validation_seconds":0.1,"callback_seconds":0.01,"steps":200,"val_accuracy":0.6933333333333334},{"train_seconds":1,"validation_seconds":0.1,"callback_seconds":0.01,"steps":200,"val_accuracy":0.7200000000000001}],"accuracy":0.8,"moved":true,"host_mb":900.0,"device_mb":null},{"seed":1,"cold_seconds":6.0,"call_seconds":13.5,"epochs":[{"train_seconds":3.0,"validation_seconds":0.15,"callback_seconds":0.015,"steps":200,"val_accuracy":0.48},{"train_seconds":1.5,"validation_seconds":0.15,"callback_seconds":0.015,"steps":200,"val_accuracy":0.6400000000000001},{"train_seconds":1.5,"validation_seconds":0.15,"callback_seconds":0.015,"steps":200,"val_accuracy":0.6933333333333334},{"train_seconds":1.5,"validation_seconds":0.15,"callback_seconds":0.015,"steps":200,"val_accuracy":0.7200000000000001}],"accuracy":0.8,"moved":true,"host_mb":900.0,"device_mb":null}],"import_seconds":3.0,"measured_at":"2026-06-01T12:00:00Z","flops":null,"rates":null}');
CREATE INDEX attempts_by_submission ON attempts (submission, number);
CREATE INDEX checks_by_id ON checks (id, status);
CREATE INDEX artefacts_by_attempt ON artefacts (attempt, number);
CREATE INDEX adjustments_by_submission ON adjustments (submission, number);
CREATE VIEW counting AS
        SELECT submission, number AS attempt, attempts
        FROM (
            SELECT submission, number, count(*) OVER (PARTITION BY submission) AS attempts,
                row_number() OVER (
                    PARTITION BY submission
                    ORDER BY status = 'graded' DESC, iif(status = 'graded', breadth, 0) DESC, number DESC
                ) AS place
            FROM attempts
        )
        WHERE place = 1;
CREATE INDEX measurements_by_submission ON measurements (submission, number);
CREATE VIEW epochs AS
        SELECT measurements.number AS measurement, side.key AS side, round.key + 1 AS round, epoch.key + 1 AS epoch,
            json_extract(epoch.value, '$.train_seconds') AS train_seconds,
            json_extract(epoch.value, '$.validation_seconds') AS validation_seconds,
            json_extract(epoch.value, '$.callback_seconds') AS callback_seconds,
            json_extract(epoch.value, '$.steps') AS steps,
            json_extract(epoch.value, '$.val_accuracy') AS val_accuracy
        FROM measurements, json_each(measurement) AS side, json_each(side.value) AS round,
            json_each(round.value, '$.epochs') AS epoch
        WHERE side.key IN ('rounds', 'reference');
CREATE UNIQUE INDEX decisions_undone_once ON decisions (undoes) WHERE undoes IS NOT NULL;
CREATE TRIGGER comments_stay_on_update BEFORE UPDATE ON comments BEGIN SELECT raise(ABORT, 'comments are added and never changed'); END;
CREATE TRIGGER comments_stay_on_delete BEFORE DELETE ON comments BEGIN SELECT raise(ABORT, 'comments are added and never changed'); END;
CREATE TRIGGER decisions_stay_on_update BEFORE UPDATE ON decisions BEGIN SELECT raise(ABORT, 'decisions are added and never changed'); END;
CREATE TRIGGER decisions_stay_on_delete BEFORE DELETE ON decisions BEGIN SELECT raise(ABORT, 'decisions are added and never changed'); END;
COMMIT;
