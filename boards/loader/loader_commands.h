/* What the host may ask of the loader. */
#ifndef MT_LOADER_COMMANDS_H
#define MT_LOADER_COMMANDS_H

#include "loader_frame.h"

/* Answer one good frame. */
void mt_loader_answer(mt_frame *frame);

/* Whether the line runs at another speed than the console's, and the host's first frame at it is awaited. */
typedef enum { MT_SPEED_OF_CONSOLE, MT_SPEED_ON_TRIAL, MT_SPEED_PROVEN } mt_speed;

mt_speed mt_loader_speed(void);

/* A frame has come at the present speed. */
void mt_loader_speed_prove(void);

/* Go back to the console's speed. */
void mt_loader_speed_reset(void);

#endif
